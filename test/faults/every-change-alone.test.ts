import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair without a free slot', { onlyChanges: true, alone: true });
crashAfterEveryCall('a key pair whose owner is asked first', { onlyChanges: true, alone: true });
crashAfterEveryCall('a vendor key with alternating users', { onlyChanges: true, alone: true });
