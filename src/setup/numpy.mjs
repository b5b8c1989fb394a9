// `node src/setup/setup.mjs --numpy`: NumPy, with which the reader for Python users (docs/examples/read_results.py) is tested.
import { existsSync } from 'node:fs';
import { give, installsPackage, outputOf, say } from './shell.mjs';

/** Debian's package is for Debian's Python alone. */
const PYTHONS = ['python3', '/usr/bin/python3'];
const HINT = 'Install it: `pip install numpy`, or as root `apt-get install python3-numpy`.';

/** A Python that has NumPy; undefined where there is none. */
export const pythonWithNumpy = () =>
  PYTHONS.find(python => outputOf(python, ['-c', 'import numpy; print(numpy.__version__)']));

/** Installs NumPy with apt where no Python has it. */
export function installNumpy() {
  const python = pythonWithNumpy();
  if (python) return say(`${python} has NumPy already`);
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0)
    give('no Python with NumPy was found', HINT);
  if (!installsPackage('python3-numpy') || !pythonWithNumpy())
    give('apt-get could not install python3-numpy', `See the messages above. ${HINT}`);
  say('installed python3-numpy');
}
