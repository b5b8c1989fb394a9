import './dawn-globals.ts';
import './dawn-polling.ts';
import { create } from 'webgpu';
import { requestSchema } from '../shared/protocol.ts';
import { CHECKED, UNCHECKED } from '../shared/unchecked.ts';
import { carryInChild } from './dawn-carrier.ts';
import { Engine } from './engine.ts';
import { OPERATIONS } from './operations.ts';

/** Held for the life of the process: Dawn ends with the last reference to it. Timestamps are for `run --profile`. */
const gpu = create([
  'disable-dawn-features=timestamp_quantization',
  ...(process.argv.includes(CHECKED) ? [] : [`enable-dawn-features=${UNCHECKED}`]),
]);

carryInChild(new Engine(requestSchema, OPERATIONS, gpu));
