/** Follow another machine's clock between its start and its stop: its tempo, and in time its place. */

import { apart, steered } from "./midi-tempo.js";

const FAR = 0.5; // steps apart at which to jump instead of catching up

/** @param {any} app @param {{follow(qpm: number | null): void}} port takes the tempo to play at */
export function follow({ player, store, status, toolbar }, port) {
  const { clock, midi } = player;

  function lead(heard, played) {
    toolbar.showHeard(heard);
    port.follow(played);
  }

  midi.follow(({ type, time, qpm, steps }) => {
    if (type === "position") return;
    if (type === "stop" || type === "lost") {
      lead(null, null);
      if (type === "stop") player.stop();
      return;
    }
    const ahead = clock.running ? apart(clock.position(player.heardAt(time)), steps, store.doc.steps) : 0;
    const jumps = type !== "tempo" || Math.abs(ahead) > FAR;
    lead(qpm, qpm && steered(qpm, jumps ? 0 : ahead));
    if (jumps) player.play({ at: steps, when: time });
    if (qpm) status.say(`Following ${Math.round(qpm)} bpm.`);
  });
}
