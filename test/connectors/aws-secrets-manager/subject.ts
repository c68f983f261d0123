import { DeleteSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsSecretsManager } from '../../../functions/connectors/aws-secrets-manager/index.ts';
import { declaredProbe } from '../../../functions/connectors/declared-probe/index.ts';
import type { Acted, Copy, Store } from '../../../functions/core/connector.ts';
import { Watch, type StoreSubject } from '../contract.ts';
import { administrator, contextOf, copyOf, edgesElsewhere, type Asking, type Notes } from '../house.ts';
import { controlName, openVendorHouse, secretName, type VendorHouse, type VendorHouseOptions } from '../vendor-house.ts';

/** All tests of this connector are held against its permissions together. */
export const watch = new Watch();

/** A store, its secret, and the vendor who decides whether a value opens. */
export interface StoreHouse extends StoreSubject, VendorHouse {
  /** Calls as somebody else. */
  admin: SecretsManagerClient;
  rotate(asking?: Asking, copies?: Copy[]): Promise<Acted>;
  stages(): Record<string, string[]>;
  /** The version that carries a label. */
  labelled(stage: string): string | undefined;
  /** Lets the pending version be of an hour ago. */
  age(): void;
  /** What an earlier try noted that met the pending version of somebody else, and has been patient with it for long enough. */
  patient(): Notes;
}

/** A secret of a vendor's key whose issuer is asked by a declared probe. */
export const openStoreHouse = async (options: VendorHouseOptions = {}): Promise<StoreHouse> => {
  const opened = await openVendorHouse({ ...options, onCall: watch.onCall, probe: () => ({ control: { secret: controlName, leaf: 'key' }, perHour: 1_000 }) });
  const { house, vendor, key } = opened;
  const store: Store = awsSecretsManager.create(house.edges);
  // the issuer is another function's: its calls are not the store's
  const issuer = declaredProbe.create(edgesElsewhere(house));
  const admin = new SecretsManagerClient({ endpoint: house.aws.url, region: 'us-east-1', credentials: { accessKeyId: administrator.id, secretAccessKey: administrator.secret } });
  const copies = [copyOf(house, secretName, 'key')];
  const context = (asking: Asking = {}) => contextOf(house.clock, { heard: (fact) => watch.outputs.push(JSON.stringify(fact)), ...asking });
  const opens = (value: string) => issuer.probe({ id: 'declared-probe:orders', issuer: 'declared-probe', name: 'orders', copies }, value, contextOf(house.clock, { binding: { probe: 'vendor' } }));
  const versions = () => house.aws.state().secrets[secretName]?.versions ?? {};
  const labelled = (stage: string): string | undefined => Object.entries(versions()).find(([, { stages }]) => stages.includes(stage))?.[0];
  return {
    ...opened,
    labelled,
    age: () => {
      const aged = versions()[labelled('AWSPENDING') ?? ''];
      if (aged) aged.createdAt = new Date(house.clock.now().getTime() - 3_600_000).toISOString();
    },
    patient: () => [{ place: house.arn(secretName), other: labelled('AWSPENDING'), seen: new Date(house.clock.now().getTime() - 180_000).toISOString() }],
    store, copies, admin, context,
    behaviours: house.behaviours,
    value: key,
    text: () => house.text(secretName),
    versions: () => Object.entries(versions()).map(([id, { stages }]) => `${id} ${[...stages].sort().join(' ')}`).sort(),
    stages: () => Object.fromEntries(Object.entries(versions()).map(([id, { stages }]) => [id, [...stages].sort()])),
    opens: (value) => opens(value),
    rotate: (asking = {}, which = copies) => watch.run('rotate', () => store.rotate(which, (value) => opens(value), context(asking))),
    values: () => [...vendor.credentials().map(({ value }) => value)],
    remove: async () => void (await admin.send(new DeleteSecretCommand({ SecretId: secretName, ForceDeleteWithoutRecovery: true }))),
    close: () => opened.close(),
  };
};
