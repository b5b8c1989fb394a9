import { globals } from 'webgpu';

// Where a browser has GPUBufferUsage and the rest, Node has nothing. Imported before the engine.
Object.assign(globalThis, globals);
