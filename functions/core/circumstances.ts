import type { Case } from './case.ts';
import type { Configuration } from './configuration.ts';
import type { Credential, Found, Issuer } from './connector.ts';
import { bindingOf } from './identify.ts';
import { unknownIssuerFacts, type Circumstances } from './plan.ts';
import { looseIdsOf } from './unfinished.ts';

/** Gathers what a plan is made from. Pure: everything was fetched before. */
export const circumstancesOf = (found: Case, credential: Credential, issuer: Issuer | undefined, seen: Found, configuration: Configuration, now: Date): Circumstances => {
  const owned: Credential = { ...credential, owner: credential.owner ?? configuration.users.find(({ user }) => user === credential.principal)?.owner };
  const { binding, approval } = bindingOf(owned, configuration);
  return {
    credential: owned,
    reports: found.reports,
    proof: found.proof,
    binding,
    approval,
    abilities: { contain: issuer?.contain !== undefined, revoke: issuer?.revoke !== undefined, rotate: issuer?.rotate !== undefined, probe: issuer !== undefined },
    facts: issuer?.facts(binding) ?? unknownIssuerFacts,
    // a successor that an earlier attempt left unfinished makes room for itself: it is finished or deleted first
    found: looseIdsOf(found).length > 0 ? { ...seen, slotFree: true } : seen,
    held: found.reports.some(({ held }) => held !== undefined),
    claim: undefined,
    again: found.again !== undefined,
    overLimit: [],
    configuration,
    answers: found.tasks.flatMap(({ about, answer }) => (answer ? [{ about, answer }] : [])),
    now,
  };
};
