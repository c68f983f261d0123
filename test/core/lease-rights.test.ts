import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Leases, LeaseSubject } from '../../functions/core/configuration.ts';
import { callerOf, claimText, fulfilled, holds, iamSubjectsOf, isHolder, matchesPattern, principalOf, rightsFor, runFor, runOfToken, subjectsOf, type Claims } from '../../functions/core/lease-rights.ts';
import { Refused, type Wish } from '../../functions/core/lease-terms.ts';

const github = 'https://token.actions.githubusercontent.com';
const subject = (more: Partial<LeaseSubject> = {}): LeaseSubject => ({ name: 'app', issuer: github, claims: { repository_id: '7', repository_owner_id: '42' }, owner: 'orders', may: [{ connector: 'vault', id: 'token/*' }], ...more });
const rules = (...subjects: LeaseSubject[]): Leases => ({ maximumMinutes: 60, audience: 'rescind', issuers: [{ issuer: github, platform: 'github-actions' }, { issuer: 'https://spiffe' }], subjects, jobRoles: [] });
const wish = (more: Partial<Wish> = {}): Wish => ({ credential: { connector: 'vault', id: 'token/a' }, reason: 'x', seconds: 60, ...more });

/** The status and reason of a refusal. */
const refusal = (act: () => unknown): [number, string] | undefined => {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return [error.status, error.message];
  }
};

describe('a token is a subject', () => {
  const right = { repository_id: '7', repository_owner_id: '42', extra: true };

  test('by each of its claims, word for word', () => {
    expect(subjectsOf(rules(subject()), github, right).map(({ name }) => name)).toEqual(['app']);
    expect(subjectsOf(rules(subject()), github, { ...right, repository_id: 7 })).toHaveLength(1);
    const wrong: Claims[] = [{}, { repository_id: '7' }, { ...right, repository_id: '77' }, { ...right, repository_id: ' 7' }, { ...right, repository_id: ['7'] }, { ...right, repository_id: { toString: () => '7' } }, { ...right, repository_id: null }];
    for (const claims of wrong) expect(subjectsOf(rules(subject()), github, claims), JSON.stringify(claims)).toEqual([]);
  });

  test('of the issuer that the configuration names, and of no subject without claims', () => {
    expect(subjectsOf(rules(subject()), 'https://spiffe', right)).toEqual([]);
    expect(subjectsOf(rules(subject({ claims: {} }), subject({ claims: undefined })), github, right)).toEqual([]);
    expect(subjectsOf(rules(subject({ claims: { toString: 'function toString() { [native code] }' } })), github, right)).toEqual([]);
  });

  test('claims are read as text, and anything else is not there', () => {
    expect([claimText({ a: 1 }, 'a'), claimText({ a: false }, 'a'), claimText({ a: 'x' }, 'a')]).toEqual(['1', 'false', 'x']);
    for (const value of [null, undefined, [], {}, ['x']]) expect(claimText({ a: value }, 'a')).toBeUndefined();
    expect([claimText({}, 'constructor'), claimText({}, '__proto__')]).toEqual([undefined, undefined]);
  });
});

describe('an AWS caller is a subject', () => {
  const broker = 'arn:aws:iam::111122223333:role/team/broker';
  const aws = rules(subject({ issuer: 'aws-iam', claims: undefined, principal: broker }));

  test('by its role, whatever the session is called and whatever path the role has', () => {
    const caller = 'arn:aws:sts::111122223333:assumed-role/broker/session-1';
    expect(principalOf(caller)).toBe('arn:aws:sts::111122223333:assumed-role/broker');
    expect(iamSubjectsOf(aws, principalOf(caller))).toHaveLength(1);
    expect(iamSubjectsOf(aws, broker)).toHaveLength(1);
  });

  test.each(['arn:aws:sts::999988887777:assumed-role/broker', 'arn:aws-cn:sts::111122223333:assumed-role/broker', 'arn:aws:sts::111122223333:assumed-role/broker2', 'arn:aws:sts::111122223333:assumed-role/team/broker', 'arn:aws:iam::111122223333:user/broker', 'broker', ''])('and not as %s', (principal) => {
    expect(iamSubjectsOf(aws, principalOf(principal))).toEqual([]);
  });

  test('and no token is one', () => {
    expect(subjectsOf(rules(subject({ issuer: 'aws-iam' })), 'aws-iam', { repository_id: '7', repository_owner_id: '42' })).toHaveLength(1);
    expect(iamSubjectsOf(rules(subject({ issuer: github, principal: broker })), broker)).toEqual([]);
  });
});

describe('a right covers a credential', () => {
  test('by its connector and pattern, in which only the star is special', () => {
    expect(rightsFor([subject()], { connector: 'vault', id: 'token/a' })).toHaveLength(1);
    expect(rightsFor([subject()], { connector: 'aws-role-session', id: 'token/a' })).toEqual([]);
    expect([matchesPattern('token/*', 'token/'), matchesPattern('token/*', 'a/token/x'), matchesPattern('a.c', 'abc'), matchesPattern('*', 'x\ny'), matchesPattern('a*c*e', 'abcde'), matchesPattern('(x)|*', 'anything')]).toEqual([true, false, false, true, true, false]);
    fc.assert(fc.property(fc.string(), fc.string(), (text, other) => matchesPattern(text.replaceAll('*', ''), text.replaceAll('*', '')) && (matchesPattern(text.replaceAll('*', ''), other) === (text.replaceAll('*', '') === other))));
  });

  test('in the words of the request or by its one name, and by the name alone where that means more', () => {
    const asked = { connector: 'vault', id: 'token/a@root' };
    const may = (...ids: string[]) => [subject({ may: ids.map((id) => ({ connector: 'vault', id })) })];
    const covering = (ids: string[], found?: Parameters<typeof rightsFor>[2]) => rightsFor(may(...ids), asked, found).map(({ right }) => right.id);
    expect(covering(['token/a', 'token/a@root', 'token/b'])).toEqual(['token/a@root']);
    expect(covering(['token/a', 'token/a@root', 'token/b'], { name: 'token/a' })).toEqual(['token/a', 'token/a@root']);
    expect(covering(['token/a', 'token/a@root', 'token/b'], { name: 'token/a', isMore: true })).toEqual(['token/a']);
  });

  test('where its condition is met, which what does not exist never does', () => {
    const held = (where?: Record<string, string>) => ({ subject: subject(), right: { connector: 'vault', id: 'token/*', where } });
    const [met, unmet, none, empty] = [held({ path: 'p' }), held({ path: 'q' }), held(), held({})];
    const found = { exists: true, attributes: { path: 'p' } };
    expect(fulfilled([unmet, met], found, {})).toBe(met);
    expect(fulfilled([unmet], found, {})).toBeUndefined();
    expect(fulfilled([met, unmet], { ...found, exists: false }, {})).toBeUndefined();
    expect([fulfilled([met, none], { exists: false }, {}), fulfilled([empty], { exists: false }, {})]).toEqual([none, empty]);
  });

  test('as its issuer keeps it for this very token, and never by a claim that is not there', () => {
    const where = { 'meta.repository': '{repository_id}', 'meta.kind': 'build-{kind}' };
    expect(holds(where, { 'meta.repository': '7', 'meta.kind': 'build-ci' }, { repository_id: 7, kind: 'ci' })).toBe(true);
    expect(holds(where, { 'meta.repository': '7', 'meta.kind': 'build-ci' }, { repository_id: '8', kind: 'ci' })).toBe(false);
    expect(holds({ a: '{x}' }, { a: '' }, {})).toBe(false);
    expect(holds({ a: '{x}' }, { a: '' }, { x: '' })).toBe(false);
    expect(holds({ a: '{x}' }, { a: '{x}' }, {})).toBe(false);
    expect(holds({ a: '{x}' }, { a: '[object Object]' }, { x: {} })).toBe(false);
    expect(holds({ toString: 'x' }, {}, {})).toBe(false);
    expect(holds({ a: '{x}' }, { a: '{y}' }, { x: '{y}', y: 'no' })).toBe(true);
    expect(holds({ a: 'x' }, {}, {})).toBe(false);
  });
});

describe('the run of a lease', () => {
  const claims = { repository_id: '7', run_id: '500', run_attempt: 2, check_run_id: '71' };
  const ofToken = { platform: 'github-actions', run: '7/500', attempt: '2', job: '71' };
  const run = (asked: Partial<Wish>, own: NonNullable<Parameters<typeof runFor>[1]> = ofToken) => runFor(wish(asked), own, subject(), rules());

  test('is read from the claims of its platform, or refused where they do not say', () => {
    expect(runOfToken('github-actions', claims)).toEqual(ofToken);
    expect(runOfToken('gitlab', { project_id: '9', pipeline_id: '600', job_id: '1' })).toEqual({ platform: 'gitlab', run: '9/600', attempt: '1', job: '1' });
    expect(runOfToken(undefined, claims)).toBeUndefined();
    for (const bad of [{ ...claims, run_id: undefined }, { ...claims, run_id: '5/6' }, { ...claims, run_attempt: '' }, { ...claims, repository_id: '7 ' }]) expect(refusal(() => runOfToken('github-actions', bad))?.[0]).toBe(403);
    expect(runOfToken('github-actions', { ...claims, check_run_id: 'x/y' })).not.toHaveProperty('job');
  });

  test('is the token\'s own, and its job\'s unless the whole run is asked for', () => {
    const { job: _, ...whole } = ofToken;
    expect(run({})).toEqual(ofToken);
    expect(run({ until: 'run' })).toEqual(whole);
    expect(run({ until: 'job' })).toEqual(ofToken);
    expect(run({ run: whole })).toEqual(ofToken);
    expect(run({ run: { ...whole, run: '500' } })).toEqual(ofToken);
    expect(run({ run: whole, until: 'job' })).toEqual(ofToken);
    expect(run({ run: whole, until: 'run' })).toEqual(whole);
    expect(run({ run: ofToken, until: 'run' })).toEqual(whole);
    expect(run({ run: ofToken })).toEqual(ofToken);
    expect(run({ run: { ...whole, job: '9' } }, whole)).toEqual({ ...whole, job: '9' });
    expect(refusal(() => run({ until: 'job' }, whole))?.[0]).toBe(400);
  });

  test('has the attempt of the token where the request names none, and is the first where nobody says', () => {
    const { attempt: _, ...named } = ofToken;
    expect(run({ run: named })).toEqual(ofToken);
    expect(runFor(wish({ run: { platform: 'aws-batch', run: 'j-1' } }), undefined, subject({ platforms: ['aws-batch'] }), rules())).toEqual({ platform: 'aws-batch', run: 'j-1', attempt: '1' });
  });

  test.each([{ run: '7/501' }, { run: '8/500' }, { run: '501' }, { attempt: '1' }, { platform: 'gitlab' }, { job: '72' }])('is refused where another one is named: %j', (other) => {
    expect(refusal(() => run({ run: { ...ofToken, ...other } }))?.[0]).toBe(403);
  });

  test('is named by whoever may, where the token does not say, and never for a platform whose tokens do', () => {
    const batch = { platform: 'aws-batch', run: 'j-1', attempt: '1', job: 'x' };
    const broker = subject({ platforms: ['aws-batch'] });
    const named = (asked: Partial<Wish>, who = broker) => runFor(wish(asked), undefined, who, rules());
    expect(named({ run: batch })).toEqual(batch);
    expect(named({ run: batch, until: 'run' })).toEqual({ platform: 'aws-batch', run: 'j-1', attempt: '1' });
    expect(refusal(() => named({}))?.[0]).toBe(400);
    expect(refusal(() => named({ run: { ...batch, platform: 'aws-ecs' } }))?.[0]).toBe(403);
    expect(refusal(() => named({ run: ofToken }))).toEqual([403, 'runs of this platform are named by their own tokens only']);
    expect(refusal(() => named({ run: batch }, subject()))?.[0]).toBe(403);
    expect(refusal(() => named({ run: ofToken }, subject({ platforms: ['github-actions'] })))).toEqual([403, 'runs of this platform are named by their own tokens only']);
  });
});

describe('who holds a lease', () => {
  const by = { issuer: github, subject: 'repo:acme/app' };
  const lease = { by, run: { platform: 'github-actions', run: '7/500', attempt: '1', job: '71' } };
  const own = { platform: 'github-actions', run: '7/500', attempt: '1' };

  test('is the same issuer\'s same subject in the same run', () => {
    expect(isHolder(lease, { ...by, actor: 'eve', issuedAt: 5 }, own)).toBe(true);
    expect(isHolder(lease, by, undefined)).toBe(true);
    const others = [isHolder(lease, { ...by, issuer: 'https://spiffe' }, own), isHolder(lease, { ...by, subject: 'repo:acme/other' }, own), isHolder(lease, by, { ...own, run: '7/501' }), isHolder(lease, by, { ...own, attempt: '2' }), isHolder(lease, by, { ...own, platform: 'gitlab' })];
    expect(others).toEqual([false, false, false, false, false]);
  });

  test('is kept with where it came from, cut to a length, and never with the token', () => {
    const caller = callerOf({ issuer: github, platform: 'github-actions' }, { repository: 'acme/app', workflow: 'build', job_workflow_ref: 'ref', actor: 'a'.repeat(1000), jti: 'secret', email: 'x@y' }, 'repo:acme/app', 1000, '127.0.0.1');
    expect(caller).toEqual({ issuer: github, subject: 'repo:acme/app', repository: 'acme/app', workflow: 'ref', actor: 'a'.repeat(300), address: '127.0.0.1', issuedAt: 1_000_000 });
    expect(callerOf({ issuer: github }, {}, 's', 1, undefined)).toEqual({ issuer: github, subject: 's', issuedAt: 1000 });
  });
});
