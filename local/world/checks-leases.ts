import type { Problem } from '../../infra/configuration-checks.ts';
import type { World } from './world.ts';

/** Says where a name leads nowhere, with the names that there are. */
type Known = (path: string, found: string, kind: string, names: readonly string[]) => Problem[];

const ofReports = ({ reports = [], oidc = [], configuration }: World, known: Known): Problem[] =>
  reports.flatMap(({ source, as, lines }, n): Problem[] => {
    const path = `reports[${n}]`;
    if (source !== 'leases') return as === undefined ? [] : [{ path: `${path}.as`, says: 'is for reports whose source is "leases"; others carry a signature' }];
    return [
      ...(configuration.leases ? [] : [{ path, says: 'registers a lease, and configuration.leases is missing; expected who may lease what' }]),
      ...(lines === undefined ? [] : [{ path: `${path}.lines`, says: 'are no request for a lease; expected "body"' }]),
      ...(as === undefined ? [{ path: `${path}.as`, says: 'is missing; expected who registers the lease: {"issuer", "claims"} or {"principal"}' }] : []),
      ...(as !== undefined && 'issuer' in as ? known(`${path}.as.issuer`, as.issuer, 'OIDC issuer of this world', oidc) : []),
    ];
  });

const ofExpectations = ({ reports = [], expect = [] }: World): Problem[] =>
  expect.flatMap((expected, n) => {
    const source = reports.find(({ name }) => name === expected.report)?.source;
    if (!('lease' in expected) || expected.lease === undefined || source === undefined || source === 'leases' || source === 'aws-events') return [];
    return [{ path: `expect[${n}].report`, says: `names a report of ${source}, which registers no lease; expected one whose source is "leases" or "aws-events"` }];
  });

const ofVault = ({ vault, aws, configuration }: World, known: Known): Problem[] => {
  const secrets = (aws.secrets ?? []).map(({ name }) => name);
  const ours = configuration.vault ? known('configuration.vault.token', configuration.vault.token, 'secret of this world', secrets) : [];
  if (!vault) return ours;
  const { tokens, leases = [], engines = [], entities = [] } = vault;
  const ids = tokens.map(({ id }) => id);
  const mounts = engines.map(({ mount }) => mount);
  return [
    ...ours,
    ...tokens.flatMap(({ id, parent, entity }, n) => [
      ...(parent === undefined ? [] : known(`vault.tokens[${n}].parent`, parent, 'other token of this vault', ids.filter((other) => other !== id))),
      ...(entity === undefined ? [] : known(`vault.tokens[${n}].entity`, entity, 'entity of this vault', entities.flatMap((one) => [one.name, ...(one.id === undefined ? [] : [one.id])]))),
    ]),
    ...leases.flatMap(({ id, token }, n) => [
      ...(mounts.some((mount) => id.startsWith(`${mount}/`)) ? [] : [{ path: `vault.leases[${n}].id`, says: `is at no engine of this vault; expected it to begin with one of: ${mounts.length === 0 ? 'there is none' : mounts.map((mount) => `"${mount}/"`).join(', ')}` }]),
      ...(token === undefined ? [] : known(`vault.leases[${n}].token`, token, 'token of this vault', ids)),
    ]),
  ];
};

/** What is wrong with the leases of a world: who registers them, what is expected of them, and the vault that they are about. */
export const problemsOfLending = (world: World, known: Known): Problem[] => [...ofVault(world, known), ...ofReports(world, known), ...ofExpectations(world)];
