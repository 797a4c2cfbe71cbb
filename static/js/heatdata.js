/** Asks where the captioner looked, once a caption, and waits while it is worked out. */

import { say } from "./words.js";

/**
 * @typedef {{text: string, start: number, end: number, grid: number[][]}} WordMap
 * @typedef {{box: [number, number, number, number], words: WordMap[]}} Heatmap
 */

const FIRST_PAUSE_MS = 120;
const LONGEST_PAUSE_MS = 1000;
const PATIENCE_MS = 20_000;

/** @type {Map<string, Promise<Heatmap>>} */
const asked = new Map();

/**
 * Return the heat map of a caption. Fails with a sentence for people; who asks then again, asks anew.
 * @param {string} url
 * @returns {Promise<Heatmap>}
 */
export function heatmapOf(url) {
  if (!asked.has(url)) {
    asked.set(url, ask(url));
    asked.get(url).catch(() => asked.delete(url));
  }
  return asked.get(url);
}

/**
 * @param {string} url
 * @returns {Promise<Heatmap>}
 */
async function ask(url) {
  const end = performance.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; performance.now() < end; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    const answer = await fetch(url, { headers: { Accept: "application/json" } }).catch(away);
    if (answer.status === 200) return answer.json();
    if (answer.status !== 202) throw new Error(await reason(answer));
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  throw new Error(say("heat.late"));
}

function away() {
  throw new Error(say("error.away"));
}

/**
 * @param {Response} answer
 * @returns {Promise<string>}
 */
async function reason(answer) {
  const problem = await answer.json().catch(() => ({}));
  return problem.message ?? say("error.refused");
}
