import { type Case, type Line, isEnded } from './case.ts';
import { timelineEntryOf } from './story.ts';

const secondsBetween = (from: string | undefined, to: string | undefined): number | undefined =>
  from && to ? Math.max(0, Math.round((new Date(to).getTime() - new Date(from).getTime()) / 100) / 10) : undefined;

const firstAt = (lines: readonly Line[], holds: (line: Line) => boolean): string | undefined => lines.find(holds)?.at;

/** When the second of the probes that say dead was made, up to the last one. */
const provenAt = (lines: readonly Line[]): string | undefined => {
  const probes = lines.filter((line) => line.kind === 'probed');
  const [first, second] = probes.slice(probes.findLastIndex(({ probed }) => probed.verdict !== 'dead') + 1);
  return (second ?? first)?.at;
};

/** Seconds from received to contained and to dead, as far as it came. */
const timesOf = (found: Case): { contained?: number; dead?: number } => {
  const received = found.reports[0]?.receivedAt ?? found.openedAt;
  const done = (line: Line) => line.kind === 'acted' && (line.acted.result === 'done' || line.acted.result === 'already');
  const contained = firstAt(found.lines, (line) => line.kind === 'acted' && line.verb === 'contain' && done(line));
  const outcome = found.outcome;
  const proven = outcome && (outcome.outcome === 'confirmed' || outcome.outcome === 'attested');
  const dead = proven ? provenAt(found.lines) : undefined;
  return { contained: secondsBetween(received, contained ?? dead), dead: secondsBetween(received, dead) };
};

/** A case as `GET /cases/{id}` shows it. */
export const caseViewOf = (found: Case) => {
  const replaced = found.lines.flatMap((line) => (line.kind === 'acted' && 'replaced' in line.acted ? (line.acted.replaced ?? []) : []));
  const { plan } = found;
  return {
    id: found.id,
    status: found.status,
    openedAt: found.openedAt,
    endedAt: found.endedAt,
    closed: found.closed,
    ended: isEnded(found),
    attempt: found.attempt,
    trigger: { kind: found.reports[0]?.trigger ?? 'SecretLeaked', reports: found.reports.map(({ source, delivery, finding, at, receivedAt, where, kind, claim, caution }) => ({ source, delivery, finding, at, receivedAt, where, kind, claim, caution })) },
    credential: found.credential,
    owner: found.owner ?? plan?.credential.owner,
    proof: found.proof,
    plan: plan && { decision: plan.decision, steps: plan.steps.map(({ verb }) => verb), reasons: plan.reasons },
    copies: plan && {
      replaced: [...new Map(replaced.map(({ name, path }) => [`${name}#${path}`, { name, path }])).values()],
      bound: plan.bound.map(({ name, path }) => ({ name, path })),
      unbound: plan.unbound.map(({ name, path }) => ({ name, path })),
    },
    outcomes: found.outcome ? [found.outcome] : [],
    seconds: timesOf(found),
    remaining: found.tasks.filter(({ answer }) => answer === undefined).map(({ id, kind, question, owner, contact, deadline }) => ({ task: id, kind, what: question, owner, contact, deadline })),
    timeline: found.lines.map(timelineEntryOf),
  };
};

export type CaseView = ReturnType<typeof caseViewOf>;
