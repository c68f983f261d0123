import type { Issuer } from '../../core/connector.ts';
import type { ConnectorModule } from '../edges.ts';
import { containKey, restoreKey } from './contain.ts';
import { facts, name, permissions } from './facts.ts';
import { findKey, listKeys } from './find.ts';
import { probeKey } from './probe.ts';
import { revokeKey } from './revoke.ts';
import { rotateKey } from './rotate.ts';
import { trailOf } from './trail.ts';
import { watchKey } from './watch.ts';

/** Long-lived access keys of IAM users. */
export const awsIamKey: ConnectorModule<Issuer> = {
  name,
  role: 'issuer',
  permissions,
  create: (edges) => {
    const trail = trailOf(edges);
    return {
      name,
      role: 'issuer',
      permissions,
      facts,
      list: (context) => listKeys(edges, context),
      find: (credential, context) => findKey(edges, credential, context),
      contain: (credential, context) => containKey(edges, trail, credential, context),
      restore: (credential, evidence, context) => restoreKey(edges, credential, evidence, context),
      revoke: (credential, context) => revokeKey(edges, credential, context),
      rotate: (credential, stores, context) => rotateKey(edges, trail, credential, stores, context),
      probe: (credential, value, context) => probeKey(edges, trail, credential, value, context),
      watch: (credential, since, context) => watchKey(edges, trail, credential, since, context),
    };
  },
};
