import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair without a free slot', { fromTheStart: true });
crashAfterEveryCall('a key pair whose owner wants the new key first', { onlyChanges: true });
