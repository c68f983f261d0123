import { clean } from './fields.ts';

/** Any common run of this many characters is taken out. */
export const RUN_CHARS = 8;

const REMOVED = '[removed]';

/** The spellings in which a value may stand inside a kept string: as it is, without control characters, and percent-encoded. */
const spellings = (value: string): Set<string> => {
  const wellFormed = value.toWellFormed();
  return new Set([wellFormed, clean(wellFormed, Infinity), encodeURIComponent(wellFormed)]);
};

const runsOf = (values: Iterable<string>): Set<string> => {
  const runs = new Set<string>();
  for (const value of new Set(values)) {
    for (const spelling of spellings(value)) {
      for (let start = 0; start + RUN_CHARS <= spelling.length; start += 1) runs.add(spelling.slice(start, start + RUN_CHARS));
    }
  }
  return runs;
};

/**
 * Makes the one function through which every string that is kept must pass: it cleans the text and replaces whatever
 * it shares with any of the values (runs of eight characters and more) by `[removed]`.
 */
export const scrubberOf = (values: Iterable<string>): ((text: string, max?: number) => string) => {
  const runs = runsOf(values);
  return (text, max) => {
    const cleaned = clean(text, max);
    if (runs.size === 0) return cleaned;
    let kept = '';
    let start = 0;
    while (start < cleaned.length) {
      if (!runs.has(cleaned.slice(start, start + RUN_CHARS))) {
        kept += cleaned[start];
        start += 1;
        continue;
      }
      let end = start + RUN_CHARS;
      // Overlapping and adjoining runs are one piece of a value.
      for (let next = start + 1; next <= end; next += 1) {
        if (runs.has(cleaned.slice(next, next + RUN_CHARS))) end = next + RUN_CHARS;
      }
      kept += REMOVED;
      start = end;
    }
    return kept;
  };
};
