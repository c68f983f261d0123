import type { Issuer } from '../../core/connector.ts';
import type { ConnectorModule } from '../edges.ts';
import { name } from './facts.ts';
import { deleteJobSecret, restoreJobSecret } from './job-delete.ts';
import { jobFacts, jobPermissions } from './job-facts.ts';
import { findJobSecret } from './job-find.ts';
import { probeJobSecret } from './job-probe.ts';

/** Secrets that were made for one job: their issuer is who keeps them, since nobody else gives them out. */
export const jobSecret: ConnectorModule<Issuer> = {
  name,
  role: 'issuer',
  permissions: jobPermissions,
  create: (edges) => ({
    name,
    role: 'issuer',
    permissions: jobPermissions,
    facts: jobFacts,
    find: (credential, context) => findJobSecret(edges, credential, context),
    restore: (credential, _evidence, context) => restoreJobSecret(edges, credential, context),
    revoke: (credential, context) => deleteJobSecret(edges, credential, context),
    probe: (credential, _value, context) => probeJobSecret(edges, credential, context),
  }),
};
