import { describe, expect, test } from 'vitest';
import { addressOf, withoutPassword } from '../../../src/queue/address.ts';

describe('the address of a Redis', () => {
  test.each([
    ['redis://host', { host: 'host', port: 6379, tls: false, database: 0, label: 'host:6379' }],
    ['rediss://u:p%40ss@host:7000/2', { username: 'u', password: 'p@ss', tls: true, label: 'host:7000/2' }],
    ['redis://[::1]:7', { host: '::1', port: 7, label: '[::1]:7' }],
    ['unix:///run/a%20b.sock', { path: '/run/a b.sock', label: '/run/a b.sock' }],
  ])('%s', (text, expected) => {
    expect(addressOf(text, {})).toMatchObject(expected);
  });

  test('the environment stands in for the option', () => {
    const environment = { LENGTHWISE_QUEUE: 'redis://:secret@there' };
    expect(addressOf(undefined, environment)).toMatchObject({ host: 'there', password: 'secret' });
    expect(addressOf('redis://here', environment)).toMatchObject({ host: 'here', password: undefined });
    expect(() => addressOf(undefined, {})).toThrow(/no Redis is named/);
  });

  test.each([
    'http://:secret@host',
    'redis://:secret@host/zero',
    'redis://:sec ret@',
    'unix://',
    ':secret@host',
    'redis://:secret@host:99999',
  ])('%s is refused without a word of the password', text => {
    let message = '';
    try {
      addressOf(text, {});
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/--queue/);
    expect(message).not.toMatch(/sec/);
  });

  test('withoutPassword keeps what is none', () => {
    expect(withoutPassword('submit a.yaml --queue redis://u:p@ss@h:1/0 --out x@y')).toBe(
      'submit a.yaml --queue redis://…@h:1/0 --out x@y',
    );
    expect(withoutPassword('redis://host:6379')).toBe('redis://host:6379');
  });
});
