import { describe, expect, it } from 'vitest'
import { errorTemplate } from '../../../../node/lessons/error-template.ts'
import { errorMessage } from '../../../../node/lessons/errors.ts'
import type { Json } from '../../../../node/ports.ts'

function messageOf(result: Json): string | undefined {
  if (typeof result === 'string') return errorMessage(result, undefined)
  return errorMessage(JSON.stringify(result), result)
}

describe('a success that begins like an error is none', () => {
  it.each([
    'Invalid scans today: 0 of 12',
    'Invalid scans today 0 of 12',
    'Error rate: 0.1 %',
    'Error rate is 0.1%',
    'Error budget remaining: 43%',
    'Error count: 0',
    'Error margin: ±2 %',
    'Error log: empty',
    'Error list: none',
    'Error report: 3',
    'Error-free since Monday: 12 days',
    'Error free run',
    'Error: none',
    'Error: 0',
    'error_rate: 0.02',
    'Exception count: 0',
    'Exception list: empty',
    'Fatal accidents this year: 2',
    'Panic alerts: none',
    'Failed logins: none',
    'Failed logins: 0',
    'Failed logins today: 3',
    'Failed login attempts: 3 of 10',
    'Failed login attempts: 3 (last week 5)',
    '**Failed deliveries**: 4',
    'Failed: 0',
    'Failed: 0, passed: 12',
    'Failed: 3, passed: 12',
    'failed=3 passed=12',
    'Invalid entries found: 0',
    'Invalid records: 17',
    'Invalid records = 17',
    'Invalid coupons - none',
    'Forbidden words: none',
    'Unauthorized visits: 0',
    'Not found: 0',
    'Timeout: 30 s',
    'Timed out sessions: 4',
    'No such orders: none',
    'Failed logins: 3\nSuccessful logins: 200',
    'All 12 rows were imported successfully. Optional photo not found.',
    'Order saved successfully; gift wrap not found in the catalogue.',
    'Scan completed: malware not found',
    '404 items in stock',
    '503 of 900 tickets sold',
    '500 points were added',
    'RoundingError: 0.2 %',
    'Server error: none',
    'Exit code 0\nno such file is left',
    'Command exited with code 0',
  ])('%s', text => {
    expect(messageOf(text)).toBeUndefined()
    // However it is wrapped.
    expect(messageOf([{ type: 'text', text }])).toBeUndefined()
    expect(messageOf({ content: [{ type: 'text', text }], isError: false })).toBeUndefined()
    expect(messageOf({ result: text })).toBeUndefined()
  })

  it.each<[Json]>([
    [{ errors: 0, rows: 12 }],
    [{ errors: [], data: { id: 1 } }],
    [{ error: false, total: 3 }],
    [{ error: 'none', total: 3 }],
    [{ error: {}, total: 3 }],
    [{ error: { code: 0, message: 'OK' } }],
    [{ success: true, error: 'deprecated field' }],
    [{ ok: true, errors: ['one row was skipped'] }],
    [{ data: { user: { id: 1 } }, errors: [{ message: 'no avatar' }] }],
    [{ id: 'j1', job: 'nightly', started: '9:00', error: 'disk full', state: 'failed' }],
    [{ code: 200, message: 'Order created' }],
    [{ code: 'created', message: 'Order not yet shipped' }],
    [{ message: 'Order created' }],
    [{ detail: [{ sku: 'a', amount: 3 }] }],
    [[{ type: 'text', text: 'Two orders: W1, W2' }]],
    [[{ type: 'text', text: '{"status":"delivered"}' }]],
    [[{ type: 'image', data: 'Error: x' }]],
    [{ content: [{ type: 'text', text: 'Two orders.' }], isError: false }],
    [{ status: 404, name: 'Room 404', floor: 4 }],
    [{ status: '404', name: 'Room 404' }],
    [{ status: '200', message: 'Merged', request_id: 'r1' }],
    [{ status: 'FAILED', job: 'nightly', log: 'l1' }],
    [{ message: 'Hold placed', documentation_url: 'https://x.example' }],
  ])('%j', value => {
    expect(messageOf(value)).toBeUndefined()
  })
})

describe('an error stays one', () => {
  it.each([
    'Error: user not found',
    'Error: 3 items failed',
    'Error: 404',
    'Error code: 404',
    'Error 404: loan not found',
    'Error executing tool get_user: no such user',
    'Error in sending the GET request: 400 Client Error',
    'Error while reading rates: none given',
    'Error: no',
    'Exception: none of the accounts match',
    'Fatal: repository is locked',
    'Failed to fetch 3 items',
    'Failed to load entries: 0 bytes read',
    'Failed: wallet is frozen',
    'Failed request: user not found',
    'Failed assertions: totals differ',
    'Invalid date: 2024-13-01',
    'Invalid amount: 0',
    'Invalid items: W17 is sold out',
    'Invalid arguments: 422',
    'Invalid POST request',
    'Could not find [x]. Similar: []',
    'Not found: order W17',
    'Not found',
    'Timeout after 30 s',
    'Timeout: the service did not answer',
    'No such order: W17',
    'Unauthorized',
    'Loan not found',
    'An error occurred while saving the order',
    'An unexpected error has occurred',
    'Request failed with status code 500',
    'HTTP 404',
    'HTTP/1.1 404 Not Found',
    '404 Not Found',
    '503 Service Unavailable',
    '422 Unprocessable Entity: amount is missing',
    'ToolError: the desk is closed',
    'pydantic.ValidationError: field required',
    'Validation error: amount is missing',
    'Command failed with exit code 2: make lint',
  ])('%s', text => {
    expect(messageOf(text)).toBe(text)
    expect(messageOf([{ type: 'text', text }])).toBe(text)
    expect(messageOf({ content: [{ type: 'text', text }] })).toBe(text)
    expect(messageOf({ result: text })).toBe(text)
  })
})

describe('errors in structured results are told in words', () => {
  it.each<[Json, string, string]>([
    [[{ type: 'text', text: 'Error: loan not found' }], 'Error: loan not found', 'loan not found'],
    [
      { content: [{ type: 'text', text: 'The desk is closed' }], isError: true },
      'The desk is closed',
      'the desk is closed',
    ],
    [
      { content: [{ type: 'text', text: '{"error":"sold out today"}' }], isError: true },
      'sold out today',
      'sold out today',
    ],
    [{ content: [], isError: true }, 'failed', 'failed'],
    [
      { error: { code: 'not_found', message: 'No loan with that id' } },
      'No loan with that id',
      'no loan with that id',
    ],
    [{ error: { code: 'loan_not_found' } }, 'loan not found', 'loan not found'],
    [{ error: 'LOAN_NOT_FOUND' }, 'loan not found', 'loan not found'],
    [{ error: { type: 'RateLimited' } }, 'rate limited', 'rate limited'],
    [{ error: { code: 404 } }, '404 not found', '<number> not found'],
    [{ error: 503 }, '503 service unavailable', '<number> service unavailable'],
    [
      { error: 'not_found', message: 'There is no such loan' },
      'There is no such loan',
      'there is no such loan',
    ],
    [
      { error: 'invalid_grant', error_description: 'The code is too old' },
      'The code is too old',
      'the code is too old',
    ],
    [{ error: true, message: 'The desk is closed' }, 'The desk is closed', 'the desk is closed'],
    [
      { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Invalid params' } },
      'Invalid params',
      'invalid params',
    ],
    [{ errors: [{ message: 'Loan is overdue', path: ['loan'] }] }, 'Loan is overdue', 'loan is overdue'],
    [{ data: null, errors: [{ message: 'Loan is overdue' }] }, 'Loan is overdue', 'loan is overdue'],
    [
      { data: { loan: null }, errors: [{ message: 'Loan is overdue' }] },
      'Loan is overdue',
      'loan is overdue',
    ],
    [{ errors: ['Loan is overdue'] }, 'Loan is overdue', 'loan is overdue'],
    [{ errors: { amount: ['is required'] } }, 'amount: is required', 'amount: is required'],
    [
      { detail: [{ type: 'missing', loc: ['body', 'amount'], msg: 'Field required', input: {} }] },
      'amount: Field required',
      'amount: field required',
    ],
    [{ detail: 'Loan not found' }, 'Loan not found', 'loan not found'],
    [{ ok: false, reason: 'The desk is closed' }, 'The desk is closed', 'the desk is closed'],
    [{ ok: false, error: 'channel_not_found' }, 'channel not found', 'channel not found'],
    [{ ok: false }, 'failed', 'failed'],
    [{ success: false, message: 'The desk is closed' }, 'The desk is closed', 'the desk is closed'],
    [
      { success: false, error: { message: 'The desk is closed' } },
      'The desk is closed',
      'the desk is closed',
    ],
    [{ status: 'error', message: 'The desk is closed' }, 'The desk is closed', 'the desk is closed'],
    [{ status: 'error' }, 'failed', 'failed'],
    [{ statusCode: 404 }, '404 not found', '<number> not found'],
    [{ type: 'about:blank', title: 'Loan is overdue', status: 409 }, 'Loan is overdue', 'loan is overdue'],
    [
      { code: 'loan_not_found', message: 'We have no such loan' },
      'We have no such loan',
      'we have no such loan',
    ],
    [{ message: 'Loan not found' }, 'Loan not found', 'loan not found'],
    // As GitHub answers, now and formerly, and Jira.
    [
      { message: 'Loan is overdue', documentation_url: 'https://x.example', status: '409' },
      'Loan is overdue',
      'loan is overdue',
    ],
    [{ message: 'Not Found', documentation_url: 'https://x.example' }, 'Not Found', 'not found'],
    [{ errorMessages: ['Loan is overdue'], errors: {} }, 'Loan is overdue', 'loan is overdue'],
    [
      'Exit code 1\nran 3\nAssertionError: 3 is not 4',
      'AssertionError: 3 is not 4',
      'assertionerror: <number> is not <number>',
    ],
    [{ result: 'Error: loan not found' }, 'Error: loan not found', 'loan not found'],
  ])('%j', (value, message, template) => {
    expect(messageOf(value)).toBe(message)
    expect(errorTemplate(message, [], () => false)).toBe(template)
  })
})
