import { sources } from '../events/index.ts';
import type { JobRole, Leases } from '../functions/core/configuration.ts';
import type { Problem } from './configuration-checks.ts';

/** The platforms that tell of their runs through EventBridge, each by a rule of the stack. */
const ofAws = sources.flatMap((source) => (source.transport === 'aws-event' && source.tells === 'run' ? [source.name] : []));

/** Those of them whose events can name the role of a run. */
const namingRoles = ['aws-batch', 'aws-ecs', 'aws-sagemaker'];

/** The stack is called Rescind, and the names of its roles begin so: the boundary lets no function change one. IAM holds no two roles apart by case. */
const ownRole = /:role\/(?:.*\/)?Rescind-[^/]*$/i;

const known = (platform: string, path: string): Problem[] =>
  ofAws.includes(platform) ? [] : [{ path, says: `names "${platform}", which tells of no runs; expected one of: ${ofAws.join(', ')}` }];

/** The stack deploys rules for the platforms that are listened to and for no others: of the others no end is ever heard. */
const heard = (platform: string, path: string, { platforms }: Leases): Problem[] =>
  platforms && ofAws.includes(platform) && !platforms.includes(platform)
    ? [{ path, says: `names "${platform}", whose ends nobody listens to; expected it in leases.platforms too, or that left out, which means all` }]
    : [];

const ofJobRole = ({ platform, role, name }: JobRole, path: string): Problem[] => [
  ...(role.includes('*') ? [{ path: `${path}.role`, says: 'has a *, which stands for nothing here; expected the ARN of one role, and a rule for each' }] : []),
  ...(ownRole.test(role) ? [{ path: `${path}.role`, says: "is one of Rescind's own, which it never touches; expected the role of a job" }] : []),
  ...(name === undefined && ofAws.includes(platform) && !namingRoles.includes(platform)
    ? [{ path: `${path}.name`, says: `is missing, and no event of ${platform} names a role, so that no run would ever match; expected what runs with the role: the name of the job, project or state machine` }]
    : []),
];

/** Runs that only their own tokens can name are named by nobody else; what calls itself a platform of AWS and is none sends no ends, and nobody can speak for it. */
const ofNamed = (platform: string, path: string, { issuers }: Leases): Problem[] => {
  const byToken = issuers.find((one) => one.platform === platform);
  return [
    ...(byToken ? [{ path, says: `names "${platform}", whose runs are named by the tokens of ${byToken.issuer} alone; expected it left out` }] : []),
    ...(platform.startsWith('aws-') ? known(platform, path) : []),
  ];
};

/** What is wrong with the platforms whose runs are named, ended and listened to. */
export const problemsOfRuns = (leases: Leases): Problem[] => [
  ...leases.subjects.flatMap(({ platforms = [] }, n) =>
    platforms.flatMap((platform, m) => {
      const path = `leases.subjects[${n}].platforms[${m}]`;
      return [...ofNamed(platform, path, leases), ...heard(platform, path, leases)];
    }),
  ),
  ...leases.jobRoles.flatMap((rule, n) => {
    const path = `leases.jobRoles[${n}]`;
    return [...known(rule.platform, `${path}.platform`), ...heard(rule.platform, `${path}.platform`, leases), ...ofJobRole(rule, path)];
  }),
  ...(leases.platforms ?? []).flatMap((platform, n) => known(platform, `leases.platforms[${n}]`)),
];
