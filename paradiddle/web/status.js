/** What the page says: one polite line, and a banner while the server is away. */

import { byId } from "./dom.js";

const NEAR = 2_000;
const FAR = 15_000;
const SLOW = 3_000; // an answer that takes longer has the health looked at

/** What went wrong, for people; of an absent server the banner tells. */
function words({ busy, offline, message }) {
  if (offline) return "";
  if (busy) return "The machine is busy just now; try again in a moment.";
  return message.charAt(0).toUpperCase() + message.slice(1);
}

export function createStatus(api) {
  const line = byId("status");
  const banner = byId("offline");
  const returned = new Set();
  let away = false;
  let timer = 0;
  let waiting = 0;

  function say(text) {
    line.textContent = text;
    line.classList.remove("bad");
  }

  function setAway(gone) {
    if (gone === away) return;
    away = gone;
    banner.hidden = !gone;
    banner.textContent = gone
      ? "The server is not answering. Patterns and sound go on here; the machine, the drummer and files need the server."
      : "";
    if (gone) return look(NEAR);
    say("The server is back.");
    for (const call of returned) call();
  }

  function look(wait) {
    clearTimeout(timer);
    timer = window.setTimeout(check, wait);
  }

  async function check() {
    try {
      await api.health();
      setAway(false);
    } catch (error) {
      if (error.offline) setAway(true);
    }
    look(away || waiting ? NEAR : FAR);
  }

  function fail(error) {
    if (error.offline) setAway(true);
    line.textContent = words(error);
    line.classList.add("bad");
  }

  /**
   * Ask the server; say what went wrong, if it did.
   * @template T @param {string} text @param {() => Promise<T>} question @returns {Promise<T | null>}
   */
  async function ask(text, question) {
    waiting += 1;
    if (waiting === 1) look(SLOW);
    document.body.classList.add("asking");
    say(text);
    try {
      const answer = await question();
      setAway(false);
      return answer;
    } catch (error) {
      fail(error);
      return null;
    } finally {
      waiting -= 1;
      document.body.classList.toggle("asking", waiting > 0);
      if (!waiting) look(away ? NEAR : FAR);
    }
  }

  window.addEventListener("offline", check);
  window.addEventListener("online", check);
  document.addEventListener("visibilitychange", () => document.hidden || check());
  look(FAR);
  return { say, fail, ask, check, back: (call) => returned.add(call) };
}
