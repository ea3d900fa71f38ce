/*
 * Made-up data must be the same again for the same seed, on every machine and in every process. So nothing here is
 * drawn from a stream that somebody else may have drawn from: each place where a number is needed has its own seed.
 */

/** A seed of its own for each place: mixes numbers into one, so that near arguments give unrelated results. */
export function seedOf(...numbers: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const number of numbers) {
    // A time in ms needs more than 32 bits: its upper part is mixed in on its own.
    hash = mix(hash ^ (number | 0));
    hash = mix(hash ^ (Math.floor(number / 2 ** 32) | 0));
  }
  return hash >>> 0;
}

/** The seed of a name. */
export function seedOfText(text: string): number {
  return seedOf(...Array.from(text, (character) => character.codePointAt(0) ?? 0));
}

/** Numbers in [0, 1), the same run for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A number around 0 with a standard deviation of 1 (Box and Muller, 1958). */
export function gaussian(random: () => number): number {
  // 1 - [0, 1) is never 0, whose logarithm would be infinite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** How often something happens that happens `mean` times on average. */
export function poisson(mean: number, random: () => number): number {
  // Multiplying up to exp(-mean) takes `mean` steps, so a large mean is taken from the normal curve it becomes.
  if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * gaussian(random)));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count += 1;
  return count;
}

/** The finisher of MurmurHash3. */
function mix(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
