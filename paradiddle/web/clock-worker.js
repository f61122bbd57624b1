/** Ticks for the clock: timers of a Worker keep going when the page is in the background. */

let timer = 0;

self.onmessage = ({ data }) => {
  clearInterval(timer);
  timer = data.every ? setInterval(() => self.postMessage(null), data.every) : 0;
};
