/**
 * Questions to the server.
 *
 * Every failure is an Error of one line, with `offline` set where no server answered in time, and
 * `busy` where it asked to come back later.
 *
 * @typedef {Error & {offline?: boolean, busy?: boolean, status?: number, field?: string}} ApiError
 */

/** Longest waits in ms: for what lies ready, for what is played (the server gives up at 30 s), for files of sound. */
const PATIENCE = Object.freeze({ ready: 4_000, played: 45_000, sound: 180_000 });

function away() {
  const message = "the server cannot be reached; start it with: paradiddle serve";
  throw Object.assign(new Error(message), { offline: true });
}

/** @param {typeof fetch} fetcher @param {string} [base] @param {typeof PATIENCE} [patience] */
export function createApi(fetcher, base = "", patience = PATIENCE) {
  /** @param {"json" | "blob" | "arrayBuffer"} form @param {number} wait @param {RequestInit} [request] */
  async function ask(path, form, wait, request = {}) {
    const signal = AbortSignal.timeout(wait);
    const response = await fetcher(`${base}/api/${path}`, { ...request, signal }).catch(away);
    if (!response.ok) throw await refusal(response);
    return response[form]().catch(away);
  }

  const get = (path) => () => ask(path, "json", patience.ready);

  const post = (path, form, wait, body, type = "application/json") =>
    ask(path, form, wait, { method: "POST", headers: { "Content-Type": type }, body });

  const asking = (path) => (body) => post(path, "json", patience.played, JSON.stringify(body));

  const making = (path, wait) => (body) => post(path, "blob", wait, JSON.stringify(body));

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
    midi: making("midi", patience.played),
    wav: making("wav", patience.sound),
    /** @param {BodyInit} bytes of a MIDI file */
    import: (bytes) => post("import", "json", patience.played, bytes, "audio/midi"),
    /** One sound of the kit. @param {string} slug @param {number} layer */
    sound: (slug, layer) => ask(`kit/${slug}/${layer}.wav`, "arrayBuffer", patience.sound),
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
