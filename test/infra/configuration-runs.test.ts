import { describe, expect, it } from 'vitest';
import { sources } from '../../events/index.ts';
import { eventOf } from '../events/runs-of.ts';
import { sampleNames } from '../events/samples.ts';
import { byRole, wrong } from './lease-rules.ts';

const github = 'https://token.actions.githubusercontent.com';
const role = 'arn:aws:iam::111122223333:role/jobs/nightly';
const rule = (more: object = {}) => ({ platform: 'aws-batch', role, owner: 'ci', ...more });

const tellers = sources.flatMap((source) => (source.transport === 'aws-event' && source.tells === 'run' ? [source] : []));
const every = tellers.map(({ name }) => name);

/** Whether any sample of a platform's events names the role of its run. */
const namesRole = (source: (typeof tellers)[number]): boolean =>
  sampleNames(source.name).some((file) => {
    const parsed = source.parse(eventOf(source, file));
    return parsed.kind === 'triggers' && parsed.triggers.some((trigger) => trigger.trigger !== 'SecretLeaked' && trigger.role !== undefined);
  });

describe('the platforms whose runs a subject may name', () => {
  const named = (platforms: string[], more: object = {}) => wrong({ subjects: [byRole({ platforms })], ...more });

  it('are none whose runs a configured issuer\'s tokens name', () => {
    const issuers = [{ issuer: github, platform: 'github-actions' }, { issuer: 'https://gitlab.com', platform: 'gitlab' }];
    expect(named(['aws-batch', 'kubernetes'], { issuers })).toEqual([]);
    expect(named(['aws-batch', 'github-actions', 'gitlab'], { issuers })).toEqual([
      `leases.subjects[0].platforms[1] names "github-actions", whose runs are named by the tokens of ${github} alone; expected it left out`,
      'leases.subjects[0].platforms[2] names "gitlab", whose runs are named by the tokens of https://gitlab.com alone; expected it left out',
    ]);
    expect(named(['github-actions'])).toEqual([]);
  });

  it('are of AWS only where a source tells of them', () => {
    expect(named(every)).toEqual([]);
    expect(named(['buildkite', 'nightly', 'kubernetes', 'awsome'])).toEqual([]);
    expect(named(['nightly', 'aws-btach', 'aws-health'])).toEqual([
      `leases.subjects[0].platforms[1] names "aws-btach", which tells of no runs; expected one of: ${every.join(', ')}`,
      `leases.subjects[0].platforms[2] names "aws-health", which tells of no runs; expected one of: ${every.join(', ')}`,
    ]);
  });
});

describe('the platforms that are listened to', () => {
  const unheard = (path: string, platform: string) => `${path} names "${platform}", whose ends nobody listens to; expected it in leases.platforms too, or that left out, which means all`;

  it('are all of those whose runs anybody may name', () => {
    const subjects = [byRole(), byRole({ name: 'other', platforms: ['nightly', 'aws-ecs', 'aws-glue'] })];
    expect(wrong({ subjects, platforms: ['aws-glue'] })).toEqual([unheard('leases.subjects[0].platforms[0]', 'aws-batch'), unheard('leases.subjects[1].platforms[1]', 'aws-ecs')]);
    expect(wrong({ subjects, platforms: [] })).toHaveLength(3);
    expect(wrong({ subjects, platforms: ['aws-glue', 'aws-batch', 'aws-ecs'] })).toEqual([]);
    expect(wrong({ subjects })).toEqual([]);
  });

  it('are all of those whose roles end with their runs', () => {
    const jobRoles = [rule(), rule({ platform: 'aws-ecs' })];
    expect(wrong({ jobRoles, platforms: ['aws-ecs'] })).toEqual([unheard('leases.jobRoles[0].platform', 'aws-batch')]);
    expect(wrong({ jobRoles, platforms: ['aws-ecs', 'aws-batch'] })).toEqual([]);
    expect(wrong({ jobRoles })).toEqual([]);
  });

  it('are said to be none where they are misspelt, and nothing else', () => {
    const none = (path: string) => `${path} names "aws-btach", which tells of no runs; expected one of: ${every.join(', ')}`;
    expect(wrong({ jobRoles: [rule({ platform: 'aws-btach' })], platforms: ['aws-btach'] })).toEqual([none('leases.jobRoles[0].platform'), none('leases.platforms[0]')]);
  });
});

describe('a rule for the role of a job', () => {
  it.each(tellers.map((source) => [source.name, namesRole(source), source] as const))('for runs of %s can do without a name: %s', (platform, can) => {
    const missing = `leases.jobRoles[0].name is missing, and no event of ${platform} names a role, so that no run would ever match; expected what runs with the role: the name of the job, project or state machine`;
    expect(wrong({ jobRoles: [rule({ platform })] })).toEqual(can ? [] : [missing]);
    expect(wrong({ jobRoles: [rule({ platform, name: 'nightly' })] })).toEqual([]);
  });

  it('is about one role', () => {
    for (const pattern of ['arn:aws:iam::111122223333:role/*', 'arn:aws:iam::111122223333:role/jobs/night*']) {
      expect(wrong({ jobRoles: [rule({ role: pattern })] })).toEqual(['leases.jobRoles[0].role has a *, which stands for nothing here; expected the ARN of one role, and a rule for each']);
    }
  });

  it("is about none of Rescind's own", () => {
    for (const name of ['Rescind-timers-eu-west-1', 'Rescind-FunctionsReleaseRole', 'x/Rescind-a', 'rescind-timers-eu-west-1']) {
      expect(wrong({ jobRoles: [rule({ role: `arn:aws:iam::111122223333:role/${name}` })] })).toEqual(["leases.jobRoles[0].role is one of Rescind's own, which it never touches; expected the role of a job"]);
    }
    for (const name of ['Rescinded', 'jobs/not-Rescind-a', 'Rescind-jobs/nightly']) expect(wrong({ jobRoles: [rule({ role: `arn:aws:iam::111122223333:role/${name}` })] })).toEqual([]);
  });
});
