import type { RunName } from '../../events/trigger.ts';
import { awsIam, type LeaseIssuer, type LeaseRight, type Leases, type LeaseSubject } from './configuration.ts';
import type { Found } from './connector.ts';
import type { Caller } from './lease.ts';
import { Refused, type Wish } from './lease-terms.ts';

/** Claims of a token that was checked. */
export type Claims = Record<string, unknown>;

/** A claim as text: numbers and booleans as they are written; anything else is not there. */
export const claimText = (claims: Claims, name: string): string | undefined => {
  const value = claims[name];
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
};

/** The configured subjects that a token is one of: each claim that the configuration names is the token's, word for word. */
export const subjectsOf = ({ subjects }: Leases, issuer: string, claims: Claims): LeaseSubject[] =>
  subjects.filter((subject) => subject.issuer === issuer && Object.keys(subject.claims ?? {}).length > 0 && Object.entries(subject.claims ?? {}).every(([name, value]) => claimText(claims, name) === value));

/** A session's ARN as the ARN of the role that it is of, as far as it tells: `arn:aws:sts::1:assumed-role/name`. Others stay as they are. */
export const principalOf = (caller: string): string => /^(arn:[^:]+:sts::\d+:assumed-role\/[^/]+)\/.+$/.exec(caller)?.[1] ?? caller;

/** Whether a caller's principal is the configured one; a role may be named by its IAM ARN, whose path a session does not show. */
const isPrincipal = (configured: string, principal: string): boolean => {
  if (configured === principal) return true;
  const [, partition, account, role] = /^arn:([^:]+):iam::(\d+):role\/(?:.*\/)?([^/]+)$/.exec(configured) ?? [];
  return role !== undefined && principal === `arn:${partition}:sts::${account}:assumed-role/${role}`;
};

/** The configured subjects that an AWS caller is one of. */
export const iamSubjectsOf = ({ subjects }: Leases, principal: string): LeaseSubject[] =>
  subjects.filter((subject) => subject.issuer === awsIam && subject.principal !== undefined && isPrincipal(subject.principal, principal));

/** Whether an id is of a pattern in which `*` stands for any characters. */
export const matchesPattern = (pattern: string, id: string): boolean =>
  new RegExp(`^${pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`, 's').test(id);

/** A right with the subject whose it is. */
export interface Held {
  subject: LeaseSubject;
  right: LeaseRight;
}

/**
 * The rights of these subjects that cover a credential as it was asked for or, once it is found, by its one name. Where that
 * name means more than what was asked for, only rights that cover the name itself.
 */
export const rightsFor = (subjects: readonly LeaseSubject[], { connector, id }: Wish['credential'], { name = id, isMore = false }: Pick<Found, 'name' | 'isMore'> = {}): Held[] => {
  const names = isMore ? [name] : [id, name];
  return subjects.flatMap((subject) => subject.may.filter((right) => right.connector === connector && names.some((one) => matchesPattern(right.id, one))).map((right) => ({ subject, right })));
};

/** Whether a right is for whatever its pattern covers, without a word from the issuer. */
const isUnconditional = ({ where = {} }: LeaseRight): boolean => Object.keys(where).length === 0;

/** The first right that the credential fulfils, as its issuer sees it. One that does not exist fulfils no condition. */
export const fulfilled = (rights: readonly Held[], { exists, attributes = {} }: Pick<Found, 'exists' | 'attributes'>, claims: Claims): Held | undefined =>
  rights.find(({ right }) => isUnconditional(right) || (exists && holds(right.where ?? {}, attributes, claims)));

/** Whether what the issuer keeps about the credential is what the right asks for. A claim that the token has not is never met. */
export const holds = (where: Record<string, string>, attributes: Record<string, string>, claims: Claims): boolean =>
  Object.entries(where).every(([name, wanted]) => {
    let isWhole = true;
    const text = wanted.replaceAll(/\{([^{}]+)\}/g, (_, claim: string) => {
      const found = claimText(claims, claim);
      if (found === undefined || found === '') isWhole = false;
      return found ?? '';
    });
    return isWhole && Object.hasOwn(attributes, name) && attributes[name] === text;
  });

const number = (claims: Claims, name: string): string => {
  const text = claimText(claims, name) ?? '';
  if (!/^\d{1,20}$/.test(text)) throw new Refused(403, `the token has no claim ${name}, so it does not say which run it is of`);
  return text;
};

/** The run that a token is of, by its platform's claims; undefined where its issuer's tokens do not say. */
export const runOfToken = (platform: LeaseIssuer['platform'], claims: Claims): RunName | undefined => {
  const job = (name: string): { job?: string } => {
    const text = claimText(claims, name) ?? '';
    return /^\d{1,20}$/.test(text) ? { job: text } : {};
  };
  switch (platform) {
    case 'github-actions':
      return { platform, run: `${number(claims, 'repository_id')}/${number(claims, 'run_id')}`, attempt: number(claims, 'run_attempt'), ...job('check_run_id') };
    case 'gitlab':
      return { platform, run: `${number(claims, 'project_id')}/${number(claims, 'pipeline_id')}`, attempt: '1', ...job('job_id') };
    case undefined:
      return undefined;
  }
};

/** Platforms whose runs only their own tokens can name. */
const byTokenOnly = (leases: Leases): (string | undefined)[] => leases.issuers.map(({ platform }) => platform);

/** The run that a lease is for: the token's own where it says which, else the one that is asked for, as far as the subject may name it. */
export const runFor = (wish: Wish, ofToken: RunName | undefined, subject: LeaseSubject, leases: Leases): RunName => {
  if (ofToken) {
    const { job: ownJob, ...own } = ofToken;
    const asked = wish.run;
    if (asked && (asked.platform !== own.platform || !sameId(asked.run, own.run) || (asked.attempt ?? own.attempt) !== own.attempt)) throw new Refused(403, 'the token is of another run than the one that is named');
    if (asked?.job !== undefined && ownJob !== undefined && asked.job !== ownJob) throw new Refused(403, 'the token is of another job than the one that is named');
    const job = wish.until === 'run' ? undefined : (asked?.job ?? ownJob);
    if (wish.until === 'job' && job === undefined) throw new Refused(400, 'until is "job", and neither the token nor run.job names one');
    return { ...own, ...(job === undefined ? {} : { job }) };
  }
  if (!wish.run) throw new Refused(400, 'run is missing: {"platform", "run", "attempt"}; the token does not say which run it is of');
  if (byTokenOnly(leases).includes(wish.run.platform)) throw new Refused(403, 'runs of this platform are named by their own tokens only');
  if (!(subject.platforms ?? []).includes(wish.run.platform)) throw new Refused(403, 'this subject may not name runs of that platform');
  const { job, attempt = '1', ...named } = wish.run;
  const run = { ...named, attempt };
  return wish.until === 'run' || job === undefined ? run : { ...run, job };
};

/** GitHub's run may be named with its repository's id or without. */
const sameId = (asked: string, own: string): boolean => asked === own || asked === own.split('/').at(-1);

/** Whether a caller is the one who registered a lease: the same issuer and subject, and the same run where its token says which. */
export const isHolder = (lease: { by: Caller; run: RunName }, caller: Caller, ofToken: RunName | undefined): boolean =>
  lease.by.issuer === caller.issuer &&
  lease.by.subject === caller.subject &&
  (ofToken === undefined || (ofToken.platform === lease.run.platform && ofToken.run === lease.run.run && ofToken.attempt === lease.run.attempt));

/** What the ledger keeps of a token: who, where and what for, never the token. */
export const callerOf = (issuer: LeaseIssuer, claims: Claims, subject: string, issuedAt: number, address: string | undefined): Caller => {
  const first = (...names: string[]): string | undefined => names.map((name) => claimText(claims, name)).find((text) => text !== undefined)?.slice(0, 300);
  const [repository, workflow, actor] = [first('repository', 'project_path'), first('job_workflow_ref', 'workflow_ref', 'ci_config_ref_uri', 'workflow'), first('actor', 'user_login')];
  return { issuer: issuer.issuer, subject, ...(repository ? { repository } : {}), ...(workflow ? { workflow } : {}), ...(actor ? { actor } : {}), ...(address ? { address } : {}), issuedAt: issuedAt * 1000 };
};
