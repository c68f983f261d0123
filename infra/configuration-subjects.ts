import { edgesOf } from '../functions/connectors/edges.ts';
import { issuersOf } from '../functions/connectors/index.ts';
import { awsIam, type Configuration, type LeaseIssuer, type LeaseRight, type Leases, type LeaseSubject } from '../functions/core/configuration.ts';
import type { Problem } from './configuration-checks.ts';
import { platformAt } from './configuration-issuers.ts';

type Platform = NonNullable<LeaseIssuer['platform']>;

/** Claims that no one else can ever have, by platform: names are taken over, ids are not. */
const immutable: Record<Platform, string[]> = { 'github-actions': ['repository_owner_id', 'repository_id'], gitlab: ['namespace_id', 'project_id'] };

/** How a `sub` begins that is made of names. */
const names: { begins: string; platform: Platform }[] = [{ begins: 'repo:', platform: 'github-actions' }, { begins: 'project_path:', platform: 'gitlab' }];

/** The platform that a `sub` of names is of, where its issuer is not said to be one. */
const namedBy = ({ claims = {} }: LeaseSubject, { platform }: LeaseIssuer): Platform | undefined =>
  platform === undefined ? names.find(({ begins }) => claims.sub?.startsWith(begins))?.platform : undefined;

const ofClaims = (subject: LeaseSubject, path: string, trusted: LeaseIssuer): Problem[] => {
  const { issuer, claims = {} } = subject;
  if (new URL(issuer).protocol === 'spiffe:' && claims.sub !== undefined && !claims.sub.startsWith(`${issuer}/`)) {
    return [{ path: `${path}.claims.sub`, says: `is not of the trust domain ${issuer}; expected one such as ${issuer}/ns/reports/sa/worker` }];
  }
  const byName = namedBy(subject, trusted);
  if (byName !== undefined) {
    return [{ path: `${path}.claims.sub`, says: `is a name that can be taken over; expected "platform": "${byName}" at its issuer, and here the ids themselves: ${immutable[byName].join(', ')}` }];
  }
  const needed = trusted.platform === undefined ? ['sub'] : immutable[trusted.platform];
  return needed
    .filter((claim) => claims[claim] === undefined)
    .map((claim) => ({ path: `${path}.claims.${claim}`, says: `is missing; expected the id itself: ${trusted.platform === undefined ? 'nothing else tells its holders apart' : 'names of owners and repositories can be taken over'}` }));
};

/** A role is told by its ARN and never by one of its sessions, and nothing stands for other characters in it. */
const ofPrincipal = ({ principal }: LeaseSubject, path: string): Problem[] => {
  const says = (text: string): Problem[] => [{ path: `${path}.principal`, says: text }];
  if (principal === undefined) return says('is missing; expected the ARN of the role or user that calls with AWS credentials');
  if (principal.includes('*')) return says('has a *, which stands for nothing here; expected the ARN of one role or user');
  return /:assumed-role\/[^/]+\//.test(principal) ? says('is a session, which no caller is known by; expected the ARN of its role, which means all of its sessions: arn:aws:iam::111122223333:role/name') : [];
};

/** Where no token says of which run it is, the caller names it: one that may name none is refused each time. */
const ofNamedRuns = ({ platforms }: LeaseSubject, path: string): Problem[] =>
  (platforms ?? []).length > 0 ? [] : [{ path: `${path}.platforms`, says: `is ${platforms ? 'empty' : 'missing'}, and no token says of which run it is, so that every lease would be refused; expected the platforms whose runs it may name, such as ["aws-batch"]` }];

/** What only the other kind of caller has means nothing here, and whoever wrote it meant a restriction. */
const ofOtherKind = ({ issuer, claims, principal }: LeaseSubject, path: string): Problem[] => [
  ...(issuer === awsIam && claims !== undefined ? [{ path: `${path}.claims`, says: 'is set for callers with AWS credentials, which have none, so that it restricts nothing; expected it left out' }] : []),
  ...(issuer !== awsIam && principal !== undefined ? [{ path: `${path}.principal`, says: `is set for callers with a token, which have none, so that it restricts nothing; expected it left out, or "issuer": "${awsIam}"` }] : []),
];

const ofSubject = (subject: LeaseSubject, path: string, { issuers }: Leases): Problem[] => {
  if (subject.issuer === awsIam) return [...ofPrincipal(subject, path), ...ofOtherKind(subject, path), ...ofNamedRuns(subject, path)];
  const trusted = issuers.find(({ issuer }) => issuer === subject.issuer);
  if (!trusted) return [{ path: `${path}.issuer`, says: `is none of leases.issuers; expected one of them, or "${awsIam}"` }];
  // where the platform itself is missing, that is said, and its tokens will name the run
  const isOfPlatform = [trusted.platform, platformAt(trusted.issuer), namedBy(subject, trusted)].some((platform) => platform !== undefined);
  return [...ofClaims(subject, path, trusted), ...ofOtherKind(subject, path), ...(isOfPlatform ? [] : ofNamedRuns(subject, path))];
};

const readable = ['token/', 'entity/', 'secret-id/', 'prefix/auth/', 'lease/auth/'];

/** Whether a pattern covers ids that a stranger could guess or read somewhere: what the issuer keeps must tie such a credential to the caller. */
const isAnybodys = (connector: string, id: string): boolean => {
  const star = id.indexOf('*');
  const head = id.slice(0, Math.max(0, star));
  return connector === 'vault' && star !== -1 && readable.some((kind) => kind.startsWith(head) || head.startsWith(kind));
};

const ofRight = ({ connector, id, where = {} }: LeaseRight, path: string, issuer: string): Problem[] => [
  ...(id.replaceAll('*', '').length === 0 ? [{ path: `${path}.id`, says: 'covers everything that the connector issues; expected a pattern with a beginning' }] : []),
  ...(id.startsWith(`${connector}:`) ? [{ path: `${path}.id`, says: 'begins with its connector, as no id does at its issuer; expected what stands behind the colon' }] : []),
  ...(isAnybodys(connector, id) && Object.keys(where).length === 0 ? [{ path: `${path}.where`, says: 'is missing; expected what the vault keeps about the caller\'s own tokens, such as {"meta.repository_id": "{repository_id}"}: a lease is a remote kill' }] : []),
  ...Object.entries(where)
    .filter(([, wanted]) => issuer === awsIam && /\{[^{}]+\}/.test(wanted))
    .map(([attribute]) => ({ path: `${path}.where.${attribute}`, says: 'asks for a claim, and who calls with AWS credentials has no token, so that it is never met; expected the value itself' })),
];

/** Names of the connectors that can take a credential back: nothing else can be lent. */
const takersOf = (configuration: Configuration, local: boolean): string[] =>
  [...issuersOf(edgesOf({ configuration, local })).values()].flatMap(({ name, revoke }) => (revoke ? [name] : [])).sort();

/** What is wrong with the subjects that may lease, and with what they may. */
export const problemsOfSubjects = (leases: Leases, configuration: Configuration, local: boolean): Problem[] => {
  const takers = takersOf(configuration, local);
  const ofConnector = (connector: string, path: string): Problem[] =>
    takers.includes(connector) ? [] : [{ path: `${path}.connector`, says: `names "${connector}", which is no connector that can take a credential back; expected one of: ${takers.map((name) => `"${name}"`).join(', ')}` }];
  return leases.subjects.flatMap((subject, n) => {
    const path = `leases.subjects[${n}]`;
    return [
      ...ofSubject(subject, path, leases),
      ...subject.may.flatMap((right, m) => [...ofConnector(right.connector, `${path}.may[${m}]`), ...ofRight(right, `${path}.may[${m}]`, subject.issuer)]),
    ];
  });
};
