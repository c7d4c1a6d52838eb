/** Lines that are not records: each is dropped whole, and counted. */

export const malformed: Readonly<Record<string, string>> = {
  'no JSON': 'nonsense',
  'a list': '[1,2]',
  'a number': '17',
  'no id': '{"events":[]}',
  'id as text': '{"id":"5","events":[]}',
  'id with a fraction': '{"id":5.5,"events":[]}',
  'id below -1': '{"id":-2,"events":[]}',
  'id of 65 bits': '{"id":18446744073709551616,"events":[]}',
  'no events': '{"id":5}',
  'events an object': '{"id":5,"events":{}}',
  'an event that is a number': '{"id":5,"events":[7]}',
  'no timestamp': '{"id":5,"events":[{"name":"memo"}]}',
  'timestamp 0': '{"id":5,"events":[{"timestamp":0,"name":"memo"}]}',
  'timestamp below 0': '{"id":5,"events":[{"timestamp":-1.5,"name":"memo"}]}',
  'timestamp as text': '{"id":5,"events":[{"timestamp":"1","name":"memo"}]}',
  'an empty name': '{"id":5,"events":[{"timestamp":1,"name":""}]}',
  'no name': '{"id":5,"events":[{"timestamp":1}]}',
  'name a number': '{"id":5,"events":[{"timestamp":1,"name":1}]}',
  'finish without context': '{"id":5,"events":[{"timestamp":1,"name":"finish"}]}',
  'finish without status': '{"id":5,"events":[{"timestamp":1,"name":"finish","context":{}}]}',
  'finish with status 1.5': '{"id":5,"events":[{"timestamp":1,"name":"finish","context":{"status":1.5}}]}',
  'exception of severity 8':
    '{"id":5,"events":[{"timestamp":1,"name":"exception","context":{"severity":8,"type":"x"}}]}',
  'exception of severity -1':
    '{"id":5,"events":[{"timestamp":1,"name":"exception","context":{"severity":-1,"type":"x"}}]}',
  'exception without type': '{"id":5,"events":[{"timestamp":1,"name":"exception","context":{"severity":0}}]}',
  'exception without severity':
    '{"id":5,"events":[{"timestamp":1,"name":"exception","context":{"type":"x"}}]}',
  'a jobspec that is a list': '{"id":5,"events":[],"jobspec":[]}',
  'torn in a name': '{"id":5,"events":[{"timestamp":1,"na',
  'torn at the end': '{"id":5,"events":[{"timestamp":1,"name":"memo"}]',
};
