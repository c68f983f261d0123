import type { Case } from '../core/case.ts';
import { countUnder } from './claims.ts';
import type { StepDeps } from './steps.ts';

/** Counts a case that is about to act under its source, its owner and overall, and says which limits it breaks. */
export const overLimitOf = async (found: Case, { ledger, configuration, now }: StepDeps): Promise<string[]> => {
  const { limits } = configuration;
  const extra = found.proof === 'value' ? limits.reserve : 0;
  const scopes: [string, string, number][] = [
    [`source#${found.reports[0]?.source ?? ''}`, 'this source', limits.perSource],
    [`owner#${found.owner ?? ''}`, `owner ${found.owner ?? 'unknown'}`, limits.perOwner],
    ['overall', 'the installation', limits.overall],
  ];
  const broken = await Promise.all(
    scopes.map(async ([scope, words, limit]) => {
      const count = await countUnder(ledger, scope, found.id, found.openedAt, now(), limit + extra);
      return count > limit + extra ? [`more than ${limit + extra} credentials an hour for ${words}: the limit stops before the first action`] : [];
    }),
  );
  return broken.flat();
};
