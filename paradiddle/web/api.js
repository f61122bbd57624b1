/**
 * Questions to the server.
 *
 * Every failure is an Error of one line, with `offline` set where no server answered, and `busy`
 * where it asked to come back later.
 *
 * @typedef {Error & {offline?: boolean, busy?: boolean, status?: number, field?: string}} ApiError
 */

/** @param {typeof fetch} fetcher @param {string} [base] */
export function createApi(fetcher, base = "") {
  async function ask(path, request) {
    const response = await fetcher(`${base}/api/${path}`, request).catch(() => null);
    if (!response) {
      const message = "the server cannot be reached; start it with: paradiddle serve";
      throw Object.assign(new Error(message), { offline: true });
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }

  const get = (path) => async () => (await ask(path)).json();

  const post = (path, body, type = "application/json") =>
    ask(path, { method: "POST", headers: { "Content-Type": type }, body });

  const asking = (path) => async (body) => (await post(path, JSON.stringify(body))).json();

  const making = (path) => async (body) => (await post(path, JSON.stringify(body))).blob();

  return {
    styles: get("styles"),
    models: get("models"),
    kit: get("kit"),
    health: get("health"),
    generate: asking("generate"),
    continue_: asking("continue"),
    fill: asking("fill"),
    humanize: asking("humanize"),
    tap: asking("tap"),
    morph: asking("morph"),
    drum: asking("drum"),
    midi: making("midi"),
    wav: making("wav"),
    /** @param {BodyInit} bytes of a MIDI file */
    import: async (bytes) => (await post("import", bytes, "audio/midi")).json(),
    /** One sound of the kit. @param {string} slug @param {number} layer */
    sound: async (slug, layer) => (await ask(`kit/${slug}/${layer}.wav`)).arrayBuffer(),
  };
}

async function refusal(response) {
  const { status } = response;
  const first = firstDetail(await response.json().catch(() => null));
  const busy = status === 429 || status === 503;
  const message = first.message ?? (busy ? "the server is busy; try again" : `the server answered ${status}`);
  return Object.assign(new Error(oneLine(message)), {
    status,
    field: first.field,
    ...(busy && { busy }),
  });
}

function firstDetail(body) {
  const detail = body?.detail;
  const first = Array.isArray(detail) ? detail[0] : detail;
  if (typeof first === "string") return { message: first };
  const message = typeof first?.message === "string" ? first.message : undefined;
  return { message, field: typeof first?.field === "string" ? first.field : undefined };
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim().slice(0, 300);
