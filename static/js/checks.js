/** Refuses before sending what the server would refuse, in the same words. */

import { say } from "./words.js";

const TENTH_OF_MB = 1024 ** 2 / 10;

/**
 * Return why a file cannot be uploaded, or nothing.
 * @param {File} file
 * @param {{maxBytes: number, accept: string}} limits
 * @returns {string}
 */
export function checkFile(file, limits) {
  if (file.size === 0) return say("check.empty");
  if (file.size > limits.maxBytes) {
    return say("check.large", { size: megabytes(file.size), limit: megabytes(limits.maxBytes) });
  }
  const known = !file.type || limits.accept.includes(file.type);
  return known ? "" : say("check.type");
}

/**
 * Write bytes as megabytes, rounded up, so that a file over the limit never reads as equal to it.
 * @param {number} bytes
 * @returns {number}
 */
function megabytes(bytes) {
  return Math.ceil(bytes / TENTH_OF_MB) / 10;
}
