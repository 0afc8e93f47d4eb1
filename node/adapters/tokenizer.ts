/**
 * Text to token ids, as the reference tokenizer in Rust gives them: peers that share an embedding space must cut
 * a text into the same ids. Two differences of the JavaScript tokenizer are mended here (the model's SOURCE.md
 * lists them), and the cut at the model's length is made here, because neither tokenizer file asks for it.
 */

import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import type { Result } from '../../protocol/types.ts'

export interface TextTokenizer {
  /** At most `maxTokens` ids, special ones included. */
  ids(text: string): readonly number[]
  readonly padId: number
}

/**
 * Characters that are looked at. 256 tokens of ordinary text have about 1,200; without a bound, a megabyte of text
 * would hold the event loop only to be cut afterwards.
 */
const textCharsMax = 65_536

/** CJK characters above U+FFFF: the JavaScript tokenizer does not put spaces around them, the reference does. */
const highCjk =
  /[\u{20000}-\u{2A6DF}\u{2A700}-\u{2B73F}\u{2B740}-\u{2B81F}\u{2B820}-\u{2CEAF}\u{2F800}-\u{2FA1F}]/gu

const tokenizerFile = z.looseObject({
  model: z.looseObject({}),
  normalizer: z
    .looseObject({
      type: z.string(),
      lowercase: z.boolean().optional(),
      handle_chinese_chars: z.boolean().optional(),
    })
    .nullish(),
  padding: z.looseObject({ pad_id: z.int().optional() }).nullish(),
})

export function createTokenizer(
  file: unknown,
  config: object,
  maxTokens: number,
): Result<TextTokenizer, 'embedder-tokenizer-unreadable'> {
  const parsed = tokenizerFile.safeParse(file)
  if (!parsed.success) return unreadable(z.prettifyError(parsed.error))
  // The cut is made below, and padding by the caller; either set in the file would change the ids.
  const plain = { ...parsed.data, truncation: null, padding: null }
  try {
    const tokenizer = new Tokenizer(plain, config)
    const mend = mender(parsed.data.normalizer ?? undefined)
    const encode = (text: string) => tokenizer.encode(mend(text)).ids
    const closing = closingId(encode)
    return {
      ok: true,
      value: {
        padId: parsed.data.padding?.pad_id ?? 0,
        ids: text => cut(encode(clip(text)), maxTokens, closing),
      },
    }
  } catch (error) {
    return unreadable(error instanceof Error ? error.message : String(error))
  }
}

function clip(text: string): string {
  return text.length <= textCharsMax ? text : text.slice(0, textCharsMax).toWellFormed()
}

function cut(ids: readonly number[], maxTokens: number, closing: number | undefined): readonly number[] {
  if (ids.length <= maxTokens) return ids
  return closing === undefined ? ids.slice(0, maxTokens) : [...ids.slice(0, maxTokens - 1), closing]
}

/** The special id that ends every text, where the tokenizer sets one: 102 for BERT, none for some others. */
function closingId(encode: (text: string) => number[]): number | undefined {
  const last = encode('').at(-1)
  return last === encode('a').at(-1) ? last : undefined
}

function mender(normalizer: { type: string; lowercase?: boolean | undefined } | undefined) {
  if (normalizer?.type !== 'BertNormalizer') return (text: string) => text
  const { lowercase = true } = normalizer
  const spaced = !('handle_chinese_chars' in normalizer && normalizer.handle_chinese_chars === false)
  return (text: string) => {
    // JavaScript lower-cases a capital sigma at the end of a word to U+03C2, the reference to U+03C3.
    const lowered = lowercase ? text.replaceAll('\u03A3', '\u03C3') : text
    return spaced ? lowered.replace(highCjk, ' $& ') : lowered
  }
}

function unreadable(reason: string): Result<never, 'embedder-tokenizer-unreadable'> {
  return {
    ok: false,
    code: 'embedder-tokenizer-unreadable',
    message: `The model's tokenizer.json cannot be used (${reason.split('\n')[0]}).`,
  }
}
