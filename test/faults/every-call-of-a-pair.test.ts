import { crashAfterEveryCall } from './every-call.ts';

crashAfterEveryCall('a key pair without a free slot', { fromTheStart: true });
