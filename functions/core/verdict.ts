import type { ConnectorFacts, Probed } from './connector.ts';

/** One probe with its time (milliseconds since 1970). */
export interface TimedProbe {
  at: number;
  probed: Probed;
}

/** What the probes say together, or when the next one is due. */
export type Verdict =
  | { verdict: 'dead'; basis: Probed['basis']; note: string }
  | { verdict: 'alive'; note: string }
  | { verdict: 'unknown'; note: string; mismatch?: boolean }
  | { verdict: 'not-yet'; probeAt: number };

const growth = 1.5;
const longestGapSeconds = 15;
const smallestGapSeconds = 1;
/** After how many probes past the end of settling another one may follow. */
const overtime = 2;

/** The pause between two probes of which both must say dead; none where the issuer promises that its answer is already the effect. */
export const gapSeconds = (settle: ConnectorFacts['settleSeconds']): number => (settle.max === 0 ? 0 : Math.max(smallestGapSeconds, settle.typical));

const isDead = ({ probed }: TimedProbe): boolean => probed.verdict === 'dead' && probed.control;

/**
 * Judges the probes made since the act at `actedAt`. Dead is believed from two probes in a row, neither
 * before the typical settle time and one gap apart; waiting ends at the maximum. `atOnce` ends it at the
 * first believable alive, where only another rotation can change it.
 */
export const verdictOf = (
  probes: readonly TimedProbe[],
  actedAt: number,
  settle: ConnectorFacts['settleSeconds'],
  atOnce = false,
): Verdict => {
  const earliest = actedAt + settle.typical * 1000;
  const latest = actedAt + settle.max * 1000;
  const gap = gapSeconds(settle) * 1000;
  const believed = probes.filter(({ at }) => at >= earliest);
  const last = believed.at(-1);
  if (!last) return { verdict: 'not-yet', probeAt: earliest };
  const streak = trailing(believed, isDead);
  const first = streak[0];
  if (first && streak.length >= 2 && last.at - first.at >= gap) {
    return { verdict: 'dead', basis: weakest(streak), note: last.probed.note };
  }
  if (atOnce && last.probed.verdict === 'alive') return { verdict: 'alive', note: last.probed.note };
  if (last.at >= latest) {
    const late = believed.filter(({ at }) => at >= latest).length;
    const before = believed.at(-2);
    // a pair is completed; where death was seen, an answer that says nothing is asked for again
    const isOpen = late <= overtime && (isDead(last) || (last.probed.verdict === 'unknown' && before !== undefined && isDead(before)));
    if (!isOpen) return last.probed.verdict === 'alive' ? { verdict: 'alive', note: last.probed.note } : { verdict: 'unknown', note: last.probed.note };
  }
  const pause = isDead(last) ? gap : Math.min(longestGapSeconds * 1000, gap * growth ** (believed.length - 1));
  const due = last.at + pause;
  return { verdict: 'not-yet', probeAt: last.at < latest ? Math.max(last.at + gap, Math.min(due, latest)) : last.at + gap };
};

const trailing = <T>(list: readonly T[], holds: (item: T) => boolean): T[] => {
  let from = list.length;
  while (from > 0 && holds(list[from - 1] as T)) from -= 1;
  return list.slice(from);
};

/** A pair of which one only read the record is no better than a record. */
const weakest = (streak: readonly TimedProbe[]): Probed['basis'] =>
  streak.slice(-2).every(({ probed }) => probed.basis === 'value') ? 'value' : 'record';

/** How often an unknown answer is asked again before a claim is left to a person. */
const patience = 3;

/**
 * Judges probes that were made before any act: is the reported value real? One alive is enough;
 * dead needs its pair; unknown is asked a few times.
 */
export const claimOf = (probes: readonly TimedProbe[], settle: ConnectorFacts['settleSeconds'], from: number): Verdict => {
  const gap = gapSeconds(settle) * 1000;
  const last = probes.at(-1);
  if (!last) return { verdict: 'not-yet', probeAt: from };
  if (last.probed.verdict === 'alive') return { verdict: 'alive', note: last.probed.note };
  if (last.probed.mismatch) return { verdict: 'unknown', mismatch: true, note: last.probed.note };
  const streak = trailing(probes, isDead);
  const first = streak[0];
  if (first && streak.length >= 2 && last.at - first.at >= gap) return { verdict: 'dead', basis: weakest(streak), note: last.probed.note };
  if (probes.filter(({ probed }) => probed.verdict === 'unknown').length >= patience) return { verdict: 'unknown', note: last.probed.note };
  return { verdict: 'not-yet', probeAt: last.at + gap };
};
