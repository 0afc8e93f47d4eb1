import { expect, it } from 'vitest'
import { encode, read } from '../../../store/codec.ts'
import { StoreError } from '../../../store/errors.ts'

it('reads back what it wrote, without the fields that are undefined', () => {
  const bytes = encode({
    text: 'ä',
    number: -1.5,
    yes: true,
    bytes: Uint8Array.of(1, 2),
    list: ['a', 'b'],
    maps: [{ x: 1 }],
    none: undefined,
  })
  const fields = read('row', bytes)
  expect(fields.string('text')).toBe('ä')
  expect(fields.number('number')).toBe(-1.5)
  expect(fields.boolean('yes')).toBe(true)
  expect(fields.bytes('bytes')).toEqual(Uint8Array.of(1, 2))
  expect(fields.strings('list')).toEqual(['a', 'b'])
  expect(fields.maps('maps').map(map => map.number('x'))).toEqual([1])
  expect(fields.optionalString('none')).toBeUndefined()
})

it('names the row when a field is missing or of another type', () => {
  const fields = read('some/row', encode({ text: 'a', list: [1] }))
  const wrong = [
    () => fields.number('text'),
    () => fields.optionalNumber('text'),
    () => fields.boolean('text'),
    () => fields.bytes('text'),
    () => fields.strings('text'),
    () => fields.strings('list'),
    () => fields.maps('list'),
    () => fields.string('absent'),
  ]
  for (const access of wrong) expect(access).toThrow(/some\/row/)
})

it('reports bytes that are no map', () => {
  for (const bytes of [[], [0xff], [0x01], [0x80], [0xa1, 0x61]])
    expect(() => read('row', Uint8Array.from(bytes))).toThrow(StoreError)
})
