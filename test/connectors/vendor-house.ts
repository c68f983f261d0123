import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { DeclaredProbe } from '../../functions/core/configuration.ts';
import type { AwsWorld } from '../../local/fakes/aws/index.ts';
import { inMemory } from '../../local/fakes/state.ts';
import { startVendor, type Vendor, type VendorStored, type VendorWorld } from '../../local/fakes/vendor/index.ts';
import { alternatingUsers, singleUser } from '../../local/fakes/vendor/rotation.ts';
import { administrator, configurationOf, newKey, startHouse, type House } from './house.ts';

/** The secret that holds the leaked key, and the one that holds the control. */
export const secretName = 'orders/vendor';
export const controlName = 'monitoring/vendor';
/** The rotation functions by their strategy. */
export const functionArns = { 'single-user': 'arn:aws:lambda:us-east-1:111122223333:function:single', 'alternating-users': 'arn:aws:lambda:us-east-1:111122223333:function:alternating' };

/** A vendor with a key that leaked, the secret in which it is kept, and a rotation that really changes it there. */
export interface VendorHouse {
  house: House;
  vendor: Vendor;
  /** The key that leaked. */
  key: string;
  /** A key of another user, kept in a secret of its own, as the control. */
  control: string;
  /** Whether that key opens the vendor's door, in truth. */
  alive(key: string): boolean;
  /** How often the rotation function is called; set `failing` to let its steps fail. */
  rotation: { calls: number; failing: boolean };
  setKey(user: string, key: string): Promise<void>;
  close(): Promise<void>;
}

/** What is different in one test's house. */
export interface VendorHouseOptions {
  rotation?: 'single-user' | 'alternating-users';
  probe?: (url: string) => Partial<DeclaredProbe>;
  secrets?: (key: string) => AwsWorld['secrets'];
  pending?: { value?: string };
  vendor?: Partial<VendorWorld>;
  local?: boolean;
  onCall?: (called: { service: string; operation: string }) => void;
}

const probeOf = (url: string): DeclaredProbe => ({
  name: 'vendor',
  request: { method: 'GET', url: `${url}/v1/whoami`, headers: { authorization: 'Bearer {value}' } },
  alive: [200],
  dead: [401],
  settleSeconds: { typical: 1, max: 10 },
  perHour: 50,
});

/** Starts a house with a vendor; the leaked key is alive. */
export const openVendorHouse = async (options: VendorHouseOptions = {}): Promise<VendorHouse> => {
  const { rotation: strategy = 'alternating-users' } = options;
  const [key, control, adminKey] = [newKey(), newKey(), newKey()];
  // the vendor's address goes into the configuration once it is known, and its clock and behaviours are the house's
  const configuration = configurationOf();
  configuration.secrets.push({ secret: secretName, owner: 'orders', probe: 'vendor', leaf: 'key' });
  const rotation = { calls: 0, failing: false };
  let vendorUrl = '';
  const house = await startHouse({
    configuration,
    local: options.local,
    onCall: options.onCall,
    world: {
      secrets: [
        { name: secretName, value: JSON.stringify({ user: 'orders_a', key }), rotation: { functionArn: functionArns[strategy] }, pending: options.pending },
        { name: controlName, value: JSON.stringify({ user: 'monitoring', key: control }) },
        ...(options.secrets?.(key) ?? []),
      ],
    },
    invokeRotation: async (functionArn, event, { url }) => {
      rotation.calls += 1;
      if (rotation.failing) throw new Error('the rotation function fails');
      const secretsManager = new SecretsManagerClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } });
      await (functionArn === functionArns['single-user'] ? singleUser : alternatingUsers)(event, { secretsManager, vendorUrl, adminKey, fetch });
      secretsManager.destroy();
    },
  });
  const vendor = await startVendor({
    name: 'acme',
    world: { adminKey, maxKeys: 3, users: [{ name: 'orders_a', keys: [{ value: key }] }, { name: 'orders_b', keys: [] }, { name: 'monitoring', keys: [{ value: control }] }], ...options.vendor },
    behaviours: house.behaviours,
    clock: house.clock,
    store: inMemory<VendorStored>(),
  });
  vendorUrl = vendor.url;
  configuration.probes.push({ ...probeOf(vendor.url), ...options.probe?.(vendor.url) });
  const alive = (value: string) => vendor.credentials().some((one) => one.value === value && one.alive);
  return {
    house, vendor, key, control, alive, rotation,
    setKey: async (user, value) => {
      const answer = await fetch(`${vendor.url}/v1/users/${user}/key`, { method: 'PUT', headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' }, body: JSON.stringify({ key: value }) });
      if (!answer.ok) throw new Error(`the vendor answered ${answer.status}`);
      await answer.body?.cancel();
    },
    close: async () => {
      await vendor.close();
      await house.close();
    },
  };
};
