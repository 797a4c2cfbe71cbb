/** One soft note, made on the spot; only where it was switched on, and in one tab at a time. */

const LENGTH = 0.5;
const LOUDNESS = 0.05;
const PARTIALS = [
  { frequency: 587.33, share: 1 },
  { frequency: 880, share: 0.4 },
];

/** @type {AudioContext | null} */
let context = null;

/** Play the note, unless another tab of this browser is at it. */
export function playNote() {
  navigator.locks.request("capsite-note", { ifAvailable: true }, (mine) => mine && sounded());
}

/** Keeps the lock while the note sounds, so that tabs which hear the same news stay quiet. */
async function sounded() {
  context ??= new AudioContext();
  await context.resume(); // waits where the browser wants a click or a key before any sound
  const begin = context.currentTime;
  for (const partial of PARTIALS) strike(partial, begin);
  await new Promise((resolve) => setTimeout(resolve, 2 * LENGTH * 1000));
}

/**
 * @param {{frequency: number, share: number}} partial
 * @param {number} begin
 */
function strike({ frequency, share }, begin) {
  const source = new OscillatorNode(context, { frequency, type: "sine" });
  const swell = new GainNode(context, { gain: 0 });
  swell.gain.setValueAtTime(0, begin);
  swell.gain.linearRampToValueAtTime(LOUDNESS * share, begin + 0.03);
  swell.gain.exponentialRampToValueAtTime(0.0001, begin + LENGTH);
  source.connect(swell).connect(context.destination);
  source.start(begin);
  source.stop(begin + LENGTH);
}
