import type { RotationRulesType } from '@aws-sdk/client-secrets-manager';
import type { Context } from '../../core/connector.ts';

/** A rotation that is not ours, as it was when we first saw it under way. */
export interface Other {
  /** Its pending version. */
  token: string;
  /** When we first saw it: from then our patience is counted. */
  seen: Date;
}

/** What earlier tries of this act noted about one secret. */
export interface Noted {
  /** When our own rotation was begun; absent where somebody else's was met since. */
  begun?: Date;
  promoted?: string;
  lambda?: string;
  rules?: RotationRulesType;
  gaveUp: boolean;
  /** The last rotation of somebody else that was met. */
  other?: Other;
  /** When its rotation was first seen switched off while somebody was freeing it. */
  off?: Date;
  /** How it came to be done. */
  done?: string;
}

const isText = (value: unknown): value is string => typeof value === 'string';

/** Reads what was noted about one secret. */
export const notedOf = (noted: readonly Record<string, unknown>[], place: string): Noted => {
  const facts = noted.filter((fact) => fact.place === place);
  const met = facts.findLastIndex(({ other }) => isText(other));
  const other = facts[met];
  const at = facts.slice(met + 1).find((fact) => isText(fact.at))?.at;
  const off = facts.find((fact) => isText(fact.off))?.off;
  // the first one saw the settings before we touched them
  const gaveUp = facts.find((fact) => fact.gaveUp !== undefined);
  const done = facts.find((fact) => fact.done === true);
  return {
    begun: isText(at) ? new Date(at) : undefined,
    promoted: facts.findLast((fact) => isText(fact.promoted))?.promoted as string | undefined,
    lambda: gaveUp?.lambda as string | undefined,
    rules: gaveUp?.rules as RotationRulesType | undefined,
    gaveUp: gaveUp !== undefined,
    other: other && { token: String(other.other), seen: new Date(String(other.seen)) },
    off: isText(off) ? new Date(off) : undefined,
    done: done && (isText(done.how) ? done.how : 'rotated'),
  };
};

/** The same context, in which what is noted now can be read at once: one act may look at a secret many times. */
export const remembering = (context: Context): Context => {
  const noted = [...context.intent.noted];
  return {
    ...context,
    intent: {
      noted,
      note: async (fact) => {
        await context.intent.note(fact);
        noted.push(fact);
      },
    },
  };
};
