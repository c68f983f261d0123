import type { CaseView } from '../../functions/core/case-view.ts';
import type { World } from '../world/world.ts';
import { isOfCase } from './judge-leases.ts';
import { casesMeant } from './judge.ts';
import type { Sent } from './sent.ts';

/** One case as the table shows it. Seconds count from the report's receipt. */
export interface Row {
  case: string;
  story?: string;
  credential?: string;
  /** Where it leaked: each place with who says so. */
  leaked: { source: string; where: string }[];
  /** Copies that hold the new value now. */
  replaced: string[];
  /** Copies that still hold the old value after Rescind acted: nobody vouched for them, or they could not be written. */
  left: string[];
  /** What was done, in that order; or why nothing was. */
  done: string[];
  status: CaseView['status'];
  outcome?: CaseView['outcomes'][number]['outcome'];
  green: boolean;
  how: string;
  seconds: { contained?: number; dead?: number };
}

/** What remains for a person. */
export type Remaining = CaseView['remaining'][number] & { case: string };

const acts = ['contained', 'rotated', 'revoked', 'refused'];
const otherwise: Record<string, string> = { ask: 'asked', observe: 'observed', record: 'recorded' };

const doneOf = ({ timeline, plan, status }: CaseView): string[] => {
  const done = timeline.map(({ what }) => what).filter((what) => acts.includes(what));
  return done.length > 0 ? done : [otherwise[plan?.decision ?? ''] ?? (status === 'unmatched' ? 'on watch' : 'nothing')];
};

const howOf = ({ outcomes, plan, closed, timeline }: CaseView): string =>
  outcomes[0]?.how ?? plan?.reasons.join('; ') ?? closed?.reason ?? timeline.at(-1)?.text ?? '';

const names = (copies: readonly { name: string }[]): string[] => [...new Set(copies.map(({ name }) => name))];

const rowOf = (found: CaseView, story: string | undefined): Row => {
  const [outcome] = found.outcomes;
  const replaced = names(found.copies?.replaced ?? []);
  const acting = found.plan?.decision === 'act';
  return {
    case: found.id,
    story,
    credential: found.credential,
    leaked: found.trigger.reports.map(({ source, where }) => ({ source, where })),
    replaced,
    left: acting ? names([...(found.copies?.unbound ?? []), ...(found.copies?.bound ?? [])]).filter((name) => !replaced.includes(name)) : [],
    done: doneOf(found),
    status: found.status,
    outcome: outcome?.outcome,
    green: outcome?.green ?? false,
    how: howOf(found),
    seconds: found.seconds,
  };
};

/** The table: one row per case, in the order of what the world expects, everything else after it. */
export const rowsOf = (cases: readonly CaseView[], world: Pick<World, 'expect'>, sent: readonly Sent[]): Row[] => {
  const told = (world.expect ?? []).filter(isOfCase).flatMap((expected) => casesMeant(expected, cases, sent).map((found) => [found, expected.story] as const));
  const others = cases.filter((found) => !told.some(([one]) => one.id === found.id)).map((found) => [found, undefined] as const);
  return [...new Map([...told, ...others].map(([found, story]) => [found.id, rowOf(found, story)])).values()];
};

/** The tasks that are open, the nearest deadline first. */
export const remainingOf = (cases: readonly CaseView[]): Remaining[] =>
  cases.flatMap((found) => found.remaining.map((task) => ({ ...task, case: found.id }))).sort((a, b) => (a.deadline < b.deadline ? -1 : 1));
