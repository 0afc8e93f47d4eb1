import { describe, expect, it } from 'vitest'
import { closeTag, isRecallTool, openTag, stripRecallBlocks } from '../../../../node/lessons/recall-block.ts'

const block = (mark: string, inside: string) => `${openTag(mark)}\n${inside}\n${closeTag(mark)}`

describe('recalled blocks', () => {
  it('are taken out, and the text around them stays', () => {
    expect(stripRecallBlocks(`a\n${block('m1', 'x')}\nb\n${block('m2', 'y')}\nc`)).toBe('a\n\nb\n\nc')
  })

  it('end only at the tag with their own mark: a lesson inside cannot end them early', () => {
    expect(stripRecallBlocks(`a ${block('m1', `x ${closeTag('other')} ${openTag('m3')} leaked`)} b`)).toBe(
      'a  b',
    )
  })

  it('reach to the end of the text where they are never closed', () => {
    expect(stripRecallBlocks(`a ${openTag('m1')} x`)).toBe('a')
  })

  it('leave text alone that merely looks similar', () => {
    const text = `say <swarmlore-recall mark="${'x'.repeat(100)}"> and so on`
    expect(stripRecallBlocks(text)).toBe(text)
    expect(stripRecallBlocks(' as it was ')).toBe(' as it was ')
  })
})

describe('recall tools', () => {
  it.each(['mcp__swarmlore__recall', 'swarmlore.check', 'swarmlore_recall', 'Swarmlore/recall'])(
    '%s is ours',
    tool => {
      expect(isRecallTool(tool)).toBe(true)
    },
  )
  it.each(['recall', 'check', 'product_recall', 'swarmlore_status', 'notswarmlore_recall'])(
    '%s is not',
    tool => {
      expect(isRecallTool(tool)).toBe(false)
    },
  )
})
