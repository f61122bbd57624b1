/**
 * Questions to the server.
 *
 * Every failure is an Error of one line, with `offline` set where no server answered, and `busy`
 * and `retryAfter` (seconds) where it asked to come back later.
 *
 * @typedef {Error & {offline?: boolean, busy?: boolean, status?: number, field?: string,
 *   retryAfter?: number}} ApiError
 */

/**
 * @param {typeof fetch} fetcher
 * @param {string} [base]
 */
export function createApi(fetcher, base = "") {
  /** @type {Set<(online: boolean) => void>} */
  const listeners = new Set();
  /** @type {boolean | null} */
  let reached = null;

  /** @param {boolean} online */
  function tell(online) {
    if (online === reached) return;
    reached = online;
    for (const listener of [...listeners]) listener(online);
  }

  /** @param {string} path @param {RequestInit} [request] @param {(online: boolean) => void} [report] */
  async function ask(path, request, report = tell) {
    let response;
    try {
      response = await fetcher(`${base}/api/${path}`, request);
    } catch (error) {
      if (request?.signal?.aborted) throw error;
      report(false);
      throw Object.assign(new Error("the server cannot be reached; start it with: paradiddle serve"), {
        offline: true,
      });
    }
    report(true);
    if (!response.ok) throw await refusal(response);
    return response;
  }

  /** @param {string} path */
  const get = async (path) => (await ask(path)).json();

  // the kit may come from the browser's cache, which says nothing of the server
  /** @param {string} path */
  const cached = (path) => ask(path, {}, () => {});

  /** @param {string} path @param {unknown} body @param {AbortSignal} [signal] */
  const post = (path, body, signal) =>
    ask(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });

  /** @param {string} path */
  const asking = (path) =>
    /** @param {unknown} body @param {AbortSignal} [signal] */
    async (body, signal) => (await post(path, body, signal)).json();

  /** @param {string} path */
  const making = (path) =>
    /** @param {unknown} body @param {AbortSignal} [signal] */
    async (body, signal) => (await post(path, body, signal)).blob();

  return {
    styles: () => get("styles"),
    models: () => get("models"),
    kit: async () => (await cached("kit")).json(),
    health: () => get("health"),
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
    import: async (bytes) => {
      const headers = { "Content-Type": "audio/midi" };
      return (await ask("import", { method: "POST", headers, body: bytes })).json();
    },
    /** One sound of the kit. @param {string} slug @param {number} layer */
    sound: async (slug, layer) => (await cached(`kit/${slug}/${layer}.wav`)).arrayBuffer(),
    /** Hear when the server goes and comes back; returns the way to stop.
     * @param {(online: boolean) => void} listener */
    online(listener) {
      listeners.add(listener);
      if (reached !== null) listener(reached);
      return () => listeners.delete(listener);
    },
  };
}

/** @param {Response} response @returns {Promise<ApiError>} */
async function refusal(response) {
  const { status } = response;
  const first = firstDetail(await response.json().catch(() => null));
  const busy = status === 429 || status === 503;
  const retryAfter = Number(response.headers.get("Retry-After")) || 1;
  const message = first.message ?? (busy ? "the server is busy; try again" : `the server answered ${status}`);
  return Object.assign(new Error(oneLine(message)), {
    status,
    field: first.field,
    ...(busy && { busy, retryAfter }),
  });
}

/** @param {unknown} body @returns {{message?: string, field?: string}} */
function firstDetail(body) {
  const detail = /** @type {{detail?: unknown} | null} */ (body)?.detail;
  const first = Array.isArray(detail) ? detail[0] : detail;
  if (typeof first === "string") return { message: first };
  const message = typeof first?.message === "string" ? first.message : undefined;
  return { message, field: typeof first?.field === "string" ? first.field : undefined };
}

/** @param {string} text */
const oneLine = (text) => text.replace(/\s+/g, " ").trim().slice(0, 300);
