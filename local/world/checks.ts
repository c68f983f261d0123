import type { Problem } from '../../infra/configuration-checks.ts';
import { awsOperations } from '../fakes/aws/index.ts';
import { problemsOfLending } from './checks-leases.ts';
import type { World } from './world.ts';

const listed = (names: readonly string[]): string => (names.length === 0 ? 'there is none' : names.map((name) => `"${name}"`).join(', '));

const known = (path: string, found: string, kind: string, names: readonly string[]): Problem[] =>
  names.includes(found) ? [] : [{ path, says: `names "${found}", which is no ${kind}; expected one of: ${listed(names)}` }];

const twice = (path: string, key: string, names: readonly string[]): Problem[] =>
  names.flatMap((name, n) => (names.indexOf(name) === n ? [] : [{ path: `${path}[${n}].${key}`, says: `names "${name}" again, after ${path}[${names.indexOf(name)}]; expected each once` }]));

const placeholders = (node: unknown, path: string): { path: string; name: string }[] => {
  if (typeof node === 'string') return [...node.matchAll(/\$\{([^}]*)\}/g)].map(([, name = '']) => ({ path, name }));
  if (Array.isArray(node)) return node.flatMap((item, n) => placeholders(item, `${path}[${n}]`));
  if (typeof node === 'object' && node !== null) return Object.entries(node).flatMap(([key, value]) => placeholders(value, path === '' ? key : `${path}.${key}`));
  return [];
};

/** Addresses are known only once the world is up, and the time of a report only when it is sent: what it is built from cannot name them. */
const ofPlaceholders = (world: World): Problem[] => {
  const values = Object.keys(world.values ?? {});
  const addresses = ['aws.url', ...(world.github ? ['github.url'] : []), ...Object.keys(world.vendors ?? {}).map((name) => `vendor.${name}.url`), ...(world.vault ? ['vault.url'] : []), ...(world.oidc ?? []).map((name) => `oidc.${name}.url`)];
  const late = new Set(['configuration', 'reports', 'expect']);
  return Object.entries(world).flatMap(([part, node]) => {
    const names = [...values, ...(late.has(part) ? addresses : []), ...(part === 'reports' ? ['now'] : [])];
    return placeholders(node, part).flatMap(({ path, name }) => (names.includes(name) ? [] : [{ path, says: `names \${${name}}, which is made up nowhere; expected one of: ${listed(names)}` }]));
  });
};

const ofSecrets = ({ aws, rotations, vendors, configuration }: World): Problem[] => {
  const secrets = (aws.secrets ?? []).map(({ name }) => name);
  const functions = Object.keys(rotations ?? {});
  const vendorNames = Object.keys(vendors ?? {});
  return [
    ...twice('aws.secrets', 'name', secrets),
    ...twice('aws.users', 'name', (aws.users ?? []).map(({ name }) => name)),
    ...(aws.secrets ?? []).flatMap(({ rotation }, n) => (rotation ? known(`aws.secrets[${n}].rotation.functionArn`, rotation.functionArn.split(':function:')[1] ?? '', 'rotation', functions) : [])),
    ...Object.entries(rotations ?? {}).flatMap(([name, { strategy, vendor }]) => (strategy === 'generated' ? [] : known(`rotations.${name}.vendor`, vendor ?? '', 'vendor', vendorNames))),
    ...Object.entries(vendors ?? {}).flatMap(([name, { probe }]) => (probe === undefined ? [] : known(`vendors.${name}.probe`, probe, 'declared probe', configuration.probes.map((declared) => declared.name)))),
    ...configuration.sources.flatMap(({ secrets: signing, api }, n) => [
      ...signing.flatMap((secret, m) => known(`configuration.sources[${n}].secrets[${m}]`, secret, 'secret of this world', secrets)),
      ...(api ? known(`configuration.sources[${n}].api.token`, api.token, 'secret of this world', secrets) : []),
    ]),
  ];
};

const ofReports = ({ reports = [], samples = [], expect = [], configuration }: World): Problem[] => {
  const sources = configuration.sources.map(({ source }) => source);
  const names = reports.map(({ name }) => name);
  return [
    ...twice('reports', 'name', names),
    ...reports.flatMap(({ source, when }, n) => [
      ...known(`reports[${n}].source`, source, 'source of this world', [...sources, 'aws-events', 'leases']),
      ...(when === undefined ? [] : known(`reports[${n}].when`, when, 'earlier report', names.slice(0, n))),
    ]),
    ...samples.flatMap(({ source }, n) => known(`samples[${n}].source`, source, 'source of this world', sources)),
    ...expect.flatMap(({ report }, n) => known(`expect[${n}].report`, report, 'report', names)),
  ];
};

/** What Rescind itself runs on. These fakes have no list of their operations. */
export const platformServices = ['dynamodb', 'sqs', 'states', 'sns', 'events', 's3', 'scheduler'] as const;

const ofBehaviours = ({ behaviours = [], github, vendors, vault, oidc }: World): Problem[] => {
  const operations = awsOperations();
  const plain = [...(github ? ['github'] : []), ...Object.keys(vendors ?? {}).map((name) => `vendor:${name}`), ...(vault ? ['vault'] : []), ...(oidc ? ['oidc'] : [])];
  const mounts = (vault?.engines ?? []).map(({ mount }) => `vault:${mount}`);
  return behaviours.flatMap(({ service, operation }, n) => {
    // without a service it holds for all of them, and not all list what they can be asked
    if (service === undefined) return [];
    const path = `behaviours[${n}].operation`;
    const wrong = known(`behaviours[${n}].service`, service, 'service of this world', [...Object.keys(operations), ...plain, ...mounts, ...platformServices]);
    if (wrong.length > 0 || operation === undefined) return wrong;
    if (mounts.includes(service)) return operation.startsWith('REVOKE ') ? [] : [{ path, says: `names "${operation}", and what the vault asks of ${service} is REVOKE; expected "REVOKE " and the beginning of a lease's path` }];
    if (!plain.includes(service)) return operations[service] ? known(path, operation, `operation of ${service}`, operations[service]) : [];
    return /^(GET|HEAD|POST|PUT|PATCH|DELETE|LIST) \//.test(operation) ? [] : [{ path, says: `names "${operation}", and ${service} speaks plain HTTP; expected a method and the beginning of a path, such as "GET /v1"` }];
  });
};

/** What no schema of one field can see: names that lead nowhere and things named twice. */
export const problemsOfWorld = (world: World): Problem[] => [...ofPlaceholders(world), ...ofSecrets(world), ...ofBehaviours(world), ...ofReports(world), ...problemsOfLending(world, known)];
