import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair with a free slot', { onlyChanges: true });
crashAfterEveryCall('a key pair whose owner wants the new key first', { onlyChanges: true });
