import { isDeepStrictEqual } from 'node:util';
import { isOver, type Caller, type Ending, type Lease } from '../core/lease.ts';
import { leaseViewOf } from '../core/lease-view.ts';
import { awsIam, ownNames, type Configuration, type LeaseSubject } from '../core/configuration.ts';
import { callerOf, fulfilled, iamSubjectsOf, isHolder, principalOf, rightsFor, runFor, runOfToken, subjectsOf, type Claims } from '../core/lease-rights.ts';
import { leaseIdOf, Refused, secondsIn, wishOf, type Wish } from '../core/lease-terms.ts';
import type { Found } from '../core/connector.ts';
import { countsAttempts } from '../../events/aws-run-names.ts';
import type { RunName } from '../../events/trigger.ts';
import { digest } from './digest.ts';
import { fieldsOf, mostReason, reasonOf } from './api-request.ts';
import { sendEnd } from './ends.ts';
import type { HttpAnswer, HttpRequest } from './http.ts';
import { credentialOf, rulesOf, type LeaseDeps } from './lease-deps.ts';
import { holdersOf } from './lease-holders.ts';
import { asProven, keepRefusal, keepUse } from './lease-uses.ts';
import type { Checked } from './oidc.ts';
import { refusedAsEnding, refusedAsOver, register, renew } from './register-lease.ts';
import { errorSays } from './log.ts';

export interface LeaseApiDeps extends LeaseDeps {
  /** Checks an OIDC token. */
  check: (token: string) => Promise<Checked>;
}

/** Somebody whose identity was proven, with the rights that the configuration gives. */
export interface Known {
  by: Caller;
  subjects: LeaseSubject[];
  claims: Claims;
  /** The run that the token is of, where it says so. */
  run?: RunName;
}

/** Who calls, by a token in `Authorization: Bearer`. Throws `Refused`. */
export const byToken = async ({ headers, address }: HttpRequest, deps: LeaseApiDeps): Promise<Known> => {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (!token) throw new Refused(401, 'an OIDC token is needed: Authorization: Bearer <token>');
  const rules = rulesOf(deps.configuration);
  const checked = await deps.check(token);
  if (!checked.ok) throw new Refused(checked.status, checked.reason);
  const { issuer, subject, claims, issuedAt } = checked.token;
  const trusted = rules.issuers.find((candidate) => candidate.issuer === issuer);
  if (!trusted) throw new Refused(401, 'this issuer is not trusted here');
  const by = callerOf(trusted, claims, subject, issuedAt, address);
  const subjects = subjectsOf(rules, issuer, claims);
  const known = { ...by, as: subjects[0]?.name };
  return asProven(known, deps, () => {
    if (subjects.length === 0) throw new Refused(403, 'nobody here trusts this token with leases: its ids are not in the configuration');
    return { by: known, subjects, claims, run: runOfToken(trusted.platform, claims) };
  });
};

/** Who calls, as the front door's SigV4 check says. Throws `Refused`. */
export const byIam = async ({ caller, address }: HttpRequest, deps: LeaseApiDeps): Promise<Known> => {
  if (!caller) throw new Refused(401, 'this path is for callers who sign with AWS credentials');
  const principal = principalOf(caller);
  const by: Caller = { issuer: awsIam, subject: principal, ...(address ? { address } : {}), ...(caller === principal ? {} : { actor: caller }) };
  const subjects = iamSubjectsOf(rulesOf(deps.configuration), principal);
  if (subjects.length === 0) throw await keepRefusal(deps, by, notTrusted, new Refused(403, notTrusted));
  return { by: { ...by, as: subjects[0]?.name }, subjects, claims: {} };
};

const notTrusted = 'nobody here trusts this principal with leases';

/** An operator, as the front door's SigV4 check says: whoever may call that path. Throws `Refused`. */
export const byOperator = ({ caller, address }: HttpRequest): Promise<Pick<Known, 'by'>> =>
  caller ? Promise.resolve({ by: { issuer: awsIam, subject: caller, ...(address ? { address } : {}) } }) : Promise.reject(new Refused(403, 'who ends a lease must say who they are'));

/** `POST /leases` and `POST /iam/leases` */
export const postLease = async (request: HttpRequest, known: Known, deps: LeaseApiDeps, signal: AbortSignal): Promise<HttpAnswer> => {
  const { configuration, now } = deps;
  const rules = rulesOf(configuration);
  const wish = wishOf(fieldsOf(request), now(), rules.maximumMinutes);
  const granted = await grantedOf(wish.credential, known, deps, signal);
  if ('refused' in granted) return lentBefore(wish, granted, known, deps);
  const { subject, credential, seen } = granted;
  const run = runFor(wish, known.run, subject, rules);
  const by = { ...known.by, as: subject.name };
  const isAttemptGuessed = known.run === undefined && wish.run?.attempt === undefined && countsAttempts(run.platform);
  const { lease, isNew } = await register({ run, isAttemptGuessed, credential, owner: subject.owner, principal: seen.principal, account: seen.account, reason: wish.reason, seconds: wish.seconds, by }, deps);
  if (!isNew) await keepUse(deps, { what: 'registered-again', by, lease: lease.id, reason: wish.reason });
  return { status: isNew ? 201 : 200, body: answerOf(lease, deps) };
};

/**
 * The answer to a holder that asks again for a lease that it has or had: its credential may be gone by now, and then no right
 * finds it any more. Throws `Refused` for everybody else, and where the lease is over or its end is under way.
 */
const lentBefore = async (wish: Wish, { refused, name }: { refused: Refused; name: string }, { subjects, run, by }: Known, deps: LeaseApiDeps): Promise<HttpAnswer> => {
  const { connector } = wish.credential;
  const runs = subjects.filter(({ may }) => may.some((right) => right.connector === connector)).flatMap((subject) => runIfAny(() => runFor(wish, run, subject, rulesOf(deps.configuration))));
  const credential = `${connector}:${name}`;
  // before the lease: whatever took its credential had claimed it by then, or is told by the lease
  const { ending } = await holdersOf(deps.leases, credential);
  const ids = [...new Set(runs.map((one) => leaseIdOf(digest, one, credential, by)))];
  const found = (await Promise.all(ids.map((id) => deps.leases.load(id)))).find((lease) => lease !== undefined);
  if (!found) throw refused;
  if (isOver(found)) throw refusedAsOver(found);
  if (found.status !== 'active' || ending !== undefined) throw refusedAsEnding(found);
  await keepUse(deps, { what: 'registered-again', by, lease: found.id, reason: wish.reason });
  return { status: 200, body: answerOf(found, deps) };
};

/** The run where the caller may name it. */
const runIfAny = (named: () => RunName): RunName[] => {
  try {
    return [named()];
  } catch (error) {
    if (error instanceof Refused) return [];
    throw error;
  }
};

/** Whether an id names a secret of Rescind's own, or something in the list of its own. */
const ownIn = (configuration: Configuration) => (id: string): boolean => ownNames(configuration).some((own) => id === own || id === `secret/${own}` || (id.startsWith('secret/arn:') && new RegExp(`:secret:${own.replaceAll(/[^\w]/g, '\\$&')}(-\\w{6})?$`).test(id)));

/**
 * Who may have the credential lent, and its one id; or why it is refused, and its one name. Throws `Refused` where it could not
 * be asked for at all. Whoever has no right that the credential fulfils is told the same whether it exists or not, and what is
 * named in other words than a right's learns no more than that no right covers them.
 */
const grantedOf = async (asked: Wish['credential'], known: Known, deps: LeaseApiDeps, signal: AbortSignal): Promise<{ subject: LeaseSubject; credential: string; seen: Found } | { refused: Refused; name: string }> => {
  const { connector, id } = asked;
  const isCovered = rightsFor(known.subjects, asked).length > 0;
  const hasSome = known.subjects.some(({ may }) => may.some((right) => right.connector === connector));
  if (!hasSome) throw new Refused(403, noRight);
  const isOwn = ownIn(deps.configuration);
  // nobody looks at our own for a stranger: it is told apart only for whoever has a right without a condition
  const seen: Found = isOwn(id) ? { exists: false, note: '' } : await lookUp(`${connector}:${id}`, deps, signal).catch((error: unknown) => {
    throw isCovered ? error : new Refused(403, noRight);
  });
  const name = seen.name ?? id;
  const refused = (status: number, reason: string) => ({ refused: new Refused(status, reason), name });
  const held = fulfilled(rightsFor(known.subjects, asked, seen), seen, known.claims);
  if (!held) return refused(403, isCovered ? "what the issuer keeps about that credential is not what this subject's right asks for" : noRight);
  if (isOwn(id) || isOwn(name)) return refused(403, "that is one of Rescind's own");
  if (!seen.exists) return refused(404, 'its issuer knows no such credential');
  if (seen.protectedBy) return refused(409, `it cannot be taken back by us: ${seen.protectedBy}`);
  return { subject: held.subject, credential: `${connector}:${name}`, seen };
};

const noRight = 'no right of this subject covers that credential';

/** What its issuer sees of a credential at this moment. */
const lookUp = async (id: string, { issuers, now, sleep, log }: LeaseApiDeps, signal: AbortSignal): Promise<Found> => {
  const credential = credentialOf(id);
  const issuer = issuers.get(credential.issuer);
  if (!issuer?.revoke) throw new Refused(400, 'credential.connector is no connector that can take a credential back');
  try {
    return await issuer.find(credential, { case: 'lease', round: 0, now, sleep, signal, binding: {}, intent: { noted: [], note: async () => undefined } });
  } catch (error) {
    log.error('credential could not be looked up', { connector: credential.issuer, error: errorSays(error) });
    throw new Refused(503, 'its issuer could not be asked about that credential: try again');
  }
};

/** The caller's own lease. Anybody else's does not exist for them. */
const ownLease = async (id: string, { by, run }: Known, deps: LeaseApiDeps): Promise<Lease> => {
  const found = await deps.leases.load(id);
  if (!found) throw new Refused(404, 'there is no such lease of yours');
  if (!isHolder({ by: found.by, run: found.terms.run }, by, run)) {
    deps.count('LeaseRefused');
    throw await keepRefusal(deps, by, 'the lease is of another subject or run', new Refused(404, 'there is no such lease of yours'), id);
  }
  return found;
};

/** `POST /leases/{id}/renew` */
export const renewLease = async (request: HttpRequest, id: string, known: Known, deps: LeaseApiDeps): Promise<HttpAnswer> => {
  const found = await ownLease(id, known, deps);
  const fields = request.body.byteLength === 0 ? {} : fieldsOf(request);
  if (!fields) throw new Refused(400, 'the body is not a JSON object; expected {"minutes": 30}, {"expiresAt": "..."} or nothing');
  const seconds = secondsIn(fields, deps.now(), rulesOf(deps.configuration).maximumMinutes);
  const told = await renew(found, seconds, known.by, deps);
  const isWritten = told.lines.slice(found.lines.length).some((line) => line.kind === 'renewed' && isDeepStrictEqual(line.by, known.by));
  if (!isWritten) await keepUse(deps, { what: 'renewed-again', by: known.by, lease: id });
  return { status: 200, body: answerOf(told, deps) };
};

/** `POST /leases/{id}/end` */
export const endOwnLease = async (_request: HttpRequest, id: string, known: Known, deps: LeaseApiDeps): Promise<HttpAnswer> => {
  const found = await ownLease(id, known, deps);
  await askEnd(id, { kind: 'by-holder', at: deps.now().toISOString(), by: known.by }, deps);
  return { status: 202, body: answerOf(found, deps) };
};

/** `POST /leases/{id}/revoke` */
export const revokeLease = async (request: HttpRequest, id: string, { by }: Pick<Known, 'by'>, deps: LeaseApiDeps): Promise<HttpAnswer> => {
  const reason = reasonOf(fieldsOf(request));
  if (!reason) throw new Refused(400, `a reason is required: {"reason": "..."}, at most ${mostReason} characters`);
  const found = await deps.leases.load(id);
  if (!found) throw new Refused(404, 'there is no such lease');
  await askEnd(id, { kind: 'by-operator', at: deps.now().toISOString(), by, reason }, deps);
  return { status: 202, body: leaseViewOf(found, deps.now()) };
};

/** Puts an end on its way and then keeps who asked: another end may be first, and then no line of the lease tells of this one. */
const askEnd = async (lease: string, why: Ending & { by: Caller }, deps: LeaseApiDeps): Promise<void> => {
  await sendEnd(deps.clientOf, deps.endsQueue, { kind: 'end', lease, why });
  await keepUse(deps, { what: why.kind === 'by-operator' ? 'revoke-asked' : 'end-asked', by: why.by, lease, reason: why.reason });
};

/** What a holder is told: its lease, and nothing about others. */
const answerOf = (lease: Lease, { now }: LeaseApiDeps) => {
  const { id, status, credential, run, registeredAt, expiresAt, maximumAt } = leaseViewOf(lease, now());
  return { lease: id, id, status, credential, run, registeredAt, expiresAt, maximumAt };
};
