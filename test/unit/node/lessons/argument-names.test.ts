import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { argumentNames } from '../../../../node/lessons/argument-names.ts'

describe('the names of a call’s arguments', () => {
  it('are the keys of the object, and not those of what stands in it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), fc.jsonValue(), { maxKeys: 30 }),
        value => {
          const names = Object.keys(value)
          expect(new Set(argumentNames(JSON.stringify(value)))).toEqual(new Set(names))
          expect(new Set(argumentNames(JSON.stringify(value, undefined, 2)))).toEqual(new Set(names))
        },
      ),
    )
  })

  it('are read as far as the text goes, wherever a stream is cut', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), fc.jsonValue()),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (value, share) => {
          const text = JSON.stringify(value)
          const names = argumentNames(text.slice(0, Math.floor(text.length * share)))
          expect(names).toEqual(Object.keys(value).slice(0, names.length))
        },
      ),
    )
    expect(argumentNames('{"order_id":"#W1","items":[{"id":1},{"i')).toEqual(['order_id', 'items'])
    expect(argumentNames('{"order_id":"#W1","reason"')).toEqual(['order_id', 'reason'])
    expect(argumentNames('{"order_id":"#W1","rea')).toEqual(['order_id'])
  })

  it.each([
    ["{'seat': '12A', 'meta': {'a': 1}}", ['seat', 'meta']],
    ['{seat: "12A", row: 3}', ['seat', 'row']],
    ['(seat="12A", row=3)', ['seat', 'row']],
    ['seat=12A, row=3', ['seat', 'row']],
  ])('of %s are read, though it is no JSON', (text, names) => {
    expect(argumentNames(text)).toEqual(names)
  })

  it.each(['', '[]', '["a", {"b": 1}]', '5', 'null', '"text"', 'just words', '}}}{', '{"', '{"": 1', "{'"])(
    'are none in %j',
    text => {
      expect(argumentNames(text)).toEqual([])
    },
  )

  it('are bounded, and found in time linear in the text', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`a${at}`, at]))
    expect(argumentNames(JSON.stringify(many))).toHaveLength(40)
    // Each would keep a scan that goes back over what it has read busy for minutes.
    for (const hostile of [
      `{"${' '.repeat(1e6)}`,
      `{${'"'.repeat(1e6)}`,
      '\\'.repeat(1e6),
      `{a${' '.repeat(1e6)}b`,
    ])
      expect(argumentNames(hostile).length).toBeLessThan(2)
  })
})
