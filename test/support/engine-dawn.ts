import '../../src/engine/dawn-globals.ts';
import '../../src/engine/dawn-polling.ts';
import { create } from 'webgpu';
import { carryInChild } from '../../src/engine/dawn-carrier.ts';
import { Engine } from '../../src/engine/engine.ts';
import { UNCHECKED } from '../../src/shared/unchecked.ts';
import { checkBounds, withinBounds } from './checked-gpu.ts';
import { TEST_OPERATIONS } from './operations.ts';
import { testRequestSchema } from './protocol.ts';

/** Held for the life of the process. Indices are looked at here, and by nobody else. */
const gpu = create(['disable-dawn-features=timestamp_quantization', `enable-dawn-features=${UNCHECKED}`]);

checkBounds();
carryInChild(new Engine(testRequestSchema, withinBounds(TEST_OPERATIONS), gpu));
