import { describe, expect, it } from 'vitest'
import { adversaryNames } from '../../../sim/adversaries.ts'
import { mixedFaults } from '../../../sim/faults.ts'
import { commandOf, readSettings, readSpread, type WrittenSettings } from '../../../sim/settings.ts'

describe('settings of a simulation', () => {
  it.each<[WrittenSettings, RegExp]>([
    [{ nodes: '1' }, /--nodes wants/],
    [{ nodes: '2.5' }, /--nodes wants/],
    [{ minutes: '0' }, /--minutes wants/],
    [{ faults: 'rain' }, /no fault 'rain'. There are: loss,/],
    [{ faults: '' }, /no fault ''/],
    [{ faults: 'loss,loss' }, /named twice/],
    [{ faults: 'all,split' }, /'all' stands for itself/],
    [{ faults: 'none,loss' }, /'none' stands for itself/],
    [{ faults: 'loss=2' }, /strength of 'loss' is '2'/],
    [{ faults: 'loss=' }, /strength of 'loss' is '':/],
    [{ faults: 'loss=1=2' }, /strength of 'loss'/],
    [{ adversaries: 'rain' }, /no adversary 'rain'. There are: forger,/],
    [{ adversaries: 'sybil,sybil' }, /named twice/],
    [
      { adversaries: 'sybil=1.5' },
      /strength of 'sybil' is '1.5': it must be above 0 and at most 0.5 \(share of machines, each/,
    ],
    [{ adversaries: 'sybil=0.3,forger=0.3' }, /together would be 0.6 of the machines/],
    [{ adversaries: 'sybil=0.3,forger=0.3,racer=0.3' }, /together would be 0.9 of the machines/],
    [{ workload: 'work' }, /no workload 'work'. There are: synthetic,/],
    [{ publishes: '-1' }, /--publishes wants a whole number from 0 to 3600/],
    [{ publishes: '' }, /--publishes wants/],
    [{ recalls: '3601' }, /--recalls wants/],
    [{ recalls: '1.5' }, /--recalls wants/],
    [{ shard: '1/2' }, /give both/],
    [{ seeds: '1..4', shard: '0/2' }, /i from 1 to n/],
    [{ seeds: '1..4', shard: '3/2' }, /i from 1 to n/],
    [{ seeds: '1..4', shard: '1.5/2' }, /i from 1 to n/],
    [{ seeds: '1..4', shard: '5/9' }, /has no seed/],
    [{ seed: '1', seeds: '1..2' }, /give one of the two/],
    [{ seed: 'a b' }, /--seed wants/],
    [{ seed: '1..5' }, /--seed is one run: for many, give --seeds 1\.\.5/],
    [{ nodes: '3', adversaries: 'colluder' }, /3 nodes have no room/],
    [{ seeds: '2..1' }, /lower number first/],
    [{ seeds: '1-2' }, /first and the last/],
    [{ seeds: '0..999999999' }, /at most/],
  ])('%j are refused with a sentence', (written, sentence) => {
    const read = readSettings(written)
    expect(read).toMatchObject({ ok: false, code: 'bad-usage' })
    expect(read.ok ? '' : read.message).toMatch(sentence)
  })

  it('name one run for each seed, both ends included', () => {
    const read = readSettings({ seeds: '3..5', faults: 'all' })
    expect(read.ok && read.value.map(({ seed }) => seed)).toEqual(['3', '4', '5'])
    expect(read.ok && read.value[0]?.faults.size).toBe(mixedFaults.length)
  })

  it('have room for adversaries of every kind, and are written again with them', () => {
    const all = readSettings({ adversaries: 'all' })
    expect(all.ok && all.value[0]?.adversaries.size).toBe(adversaryNames.length)
    const read = readSettings({ nodes: '7', adversaries: 'sybil=0.3,forger' })
    const [settings] = read.ok ? read.value : []
    const command =
      'sim --nodes 7 --minutes 10 --seed 1 --faults none --adversaries sybil=0.3,forger --workload synthetic --publishes 12 --recalls 60'
    expect(settings && commandOf(settings)).toBe(command)
  })

  it('have a load of their own, none at all if that is wanted', () => {
    const read = readSettings({ publishes: '0', recalls: '240' })
    const [settings] = read.ok ? read.value : []
    expect(settings).toMatchObject({ publishesPerHour: 0, recallsPerHour: 240 })
    expect(settings && commandOf(settings)).toMatch(/ --publishes 0 --recalls 240$/)
  })

  it('of the shards of a sweep are those of the whole, each once', () => {
    const seedsOf = (shard?: string): readonly string[] => {
      const read = readSettings({ seeds: '3..13', ...(shard && { shard }) })
      return read.ok ? read.value.map(({ seed }) => seed) : []
    }
    expect(seedsOf('2/4')).toEqual(['4', '8', '12'])
    const all = ['1/4', '2/4', '3/4', '4/4'].flatMap(seedsOf)
    expect(all.map(Number).sort((a, b) => a - b)).toEqual(seedsOf().map(Number))
  })

  it('are written again as the command that runs the same', () => {
    const read = readSettings({ nodes: '7', minutes: '3', seed: 'x', faults: 'crash=0.2,loss' })
    const [settings] = read.ok ? read.value : []
    expect(settings && commandOf(settings)).toBe(
      'sim --nodes 7 --minutes 3 --seed x --faults crash=0.2,loss --adversaries none --workload synthetic --publishes 12 --recalls 60',
    )
  })
})

describe('what sim spread is asked for', () => {
  it('has sizes up to a hundred thousand nodes unless told', () => {
    expect(readSpread({})).toEqual({
      ok: true,
      value: { sizes: [100, 1_000, 10_000, 100_000], lessons: 10, by: 'gossip', loss: 0, whole: undefined },
    })
    expect(readSpread({ sizes: '50, 60', loss: '0.05', whole: '30' })).toMatchObject({
      value: { sizes: [50, 60], loss: 0.05, whole: 30 },
    })
    expect(readSpread({ by: 'catch-up' })).toMatchObject({ value: { by: 'catch-up' } })
  })

  it.each([
    { sizes: '1' },
    { sizes: '100,' },
    { lessons: '0' },
    { loss: '1' },
    { loss: '' },
    { loss: 'much' },
    { whole: '1' },
    { by: 'word of mouth' },
    { by: 'catch-up', loss: '0.1' },
  ])('refuses %j', written => {
    expect(readSpread(written)).toMatchObject({ ok: false, code: 'bad-usage' })
  })
})
