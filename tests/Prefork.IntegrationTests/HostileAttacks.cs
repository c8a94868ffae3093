using System.Buffers.Binary;
using System.Text;

namespace Prefork.IntegrationTests;

/// <summary>How an attack ends.</summary>
internal enum Outcome
{
    /// <summary>Its channel is closed for it, with a reason.</summary>
    Cut,

    /// <summary>It is answered or ignored; what comes after it is read.</summary>
    Lives,

    /// <summary>It is held back, or has no end of its own.</summary>
    Stays,

    /// <summary>The attacker ends.</summary>
    Leaves,
}

/// <summary>Bytes for the channel, and what comes of them; or an offence of ClusterApp's, for what a shell cannot do.</summary>
internal sealed record HostileAttack(byte[] Bytes, Outcome Outcome, string Reason, bool IsFrames, string? Offence = null);

/// <summary>What may be written on the raw channel of a worker, from the wire up to the verbs.</summary>
internal static class HostileAttacks
{
    /// <summary>The message behind an attack that its channel survives.</summary>
    internal const string Last = "last";

    private const string Esc = "\\u001b[2J\\u0007\\r\\n";

    internal static IReadOnlyDictionary<string, HostileAttack> ByName { get; } = Json().Concat(Verbs()).Concat(Ours()).Concat(Floods()).Concat(Frames()).Concat(Descriptors())
        .ToDictionary(static attack => attack.Name, static attack => attack.Attack);

    internal static IEnumerable<HostileAttack> WarmUp => [ByName["nothing"], ByName["no JSON"], ByName["frames: nothing"], ByName["frames: no format"], ByName["descriptors: a file"]];

    private static IEnumerable<(string Name, HostileAttack Attack)> Json() =>
    [
        Lives("nothing", ""),
        Cut("no JSON", "\u0001\u001b[2J no JSON\n", "is not JSON"),
        Cut("an empty line", "\n", "is not JSON"),
        Cut("spaces", "   \n", "is not JSON"),
        Cut("two values", "1 2\n", "is not JSON"),
        Cut("a text without an end", "\"abc\n", "is not JSON"),
        Cut("a NUL", "\0\n", "is not JSON"),
        Cut("a control character in a text", "\"\u001b[2J\"\n", "is not JSON"),
        Cut("a byte order mark", "\ufeff{}\n", "is not JSON"),
        Cut("a comment", "/* */ 1\n", "is not JSON"),
        Cut("a comma too many", "[1,]\n", "is not JSON"),
        Cut("nesting of arrays", new string('[', 50_000) + "\n", "is not JSON"),
        Cut("nesting of arrays with an end", $"{new string('[', 4097)}{new string(']', 4097)}\n", "is not JSON"),
        Cut("nesting of objects", string.Concat(Enumerable.Repeat("{\"a\":", 20_000)) + "\n", "is not JSON"),
        Cut("a long line", $"\"{new string('x', HostileCluster.MaxMessageSize)}\"\n", "over the limit"),
        Cut("a line without an end", new string('x', 5 * HostileCluster.MaxMessageSize), "over the limit"),
        Leaves("half a message", "{\"cmd\":\"NODE_CLUSTER\",\"act\":\"queryServer\""),
        Leaves("half a text", "\"abc"),
        Lives("a large number", "\"before\"\n", "{\"cmd\":\"NODE_OTHER\",\"seq\":1e999999}"),
        Lives("names that come twice", "{\"cmd\":\"a\",\"cmd\":5,\"cmd\":\"NODE_\\u0041\"}"),
        Lives("half a pair of surrogates as a name", "{\"cmd\":\"NODE_X\",\"\\ud800\":\"\\ud800\"}"),
        Lives("a command that nobody knows", "{\"cmd\":\"NODE_WHATEVER\",\"act\":\"" + Esc + "\"}"),
        Lives("a descriptor promised and not sent", "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":1}"),
        Lives("a descriptor promised in a promise", "{\"cmd\":\"NODE_HANDLE\",\"msg\":{\"cmd\":\"NODE_HANDLE\",\"msg\":{\"cmd\":\"NODE_HANDLE\",\"msg\":1}}}"),
        Lives("answers that nobody asked for", Repeated("{\"cmd\":\"NODE_HANDLE_ACK\"}\n{\"cmd\":\"NODE_HANDLE_NACK\"}", 500)),
        Lives("questions of passed sockets", "{\"cmd\":\"NODE_SOCKET_GET_COUNT\",\"key\":\"" + Esc + "\"}\n{\"cmd\":\"NODE_SOCKET_NOTIFY_CLOSE\",\"key\":{}}\n{\"cmd\":\"NODE_SOCKET_GET_COUNT\"}"),
    ];

    private static IEnumerable<(string Name, HostileAttack Attack)> Verbs() =>
    [
        Lives("a verb without a name", Cluster("\"seq\":1")),
        Lives("a verb that nobody knows", Cluster("\"act\":\"" + Esc + "\",\"seq\":1")),
        Cut("a verb that is a number", Cluster("\"act\":5,\"seq\":1") + "\n", "cannot be handled"),
        Cut("a number that is a text", Cluster("\"act\":\"queryServer\",\"seq\":\"" + Esc + "\"") + "\n", "cannot be handled"),
        Cut("a number that is none", Cluster("\"act\":\"online\",\"seq\":1e400") + "\n", "cannot be handled"),
        Cut("a version that is none", Cluster("\"act\":\"online\",\"seq\":1,\"prefork\":{\"version\":\"x\"}") + "\n", "cannot be handled"),
        Lives("a version of nobody's", Cluster("\"act\":\"online\",\"seq\":1,\"prefork\":{\"version\":-1}")),
        Lives("online again and again", Repeated(Cluster("\"act\":\"online\",\"seq\":1"), 500)),
        Cut("a query without a number", Cluster("\"act\":\"queryServer\",\"port\":0,\"addressType\":4") + "\n", "cannot be handled"),
        Cut("a query of no kind", Query("\"127.0.0.1\"", "0", "5") + "\n", "cannot be handled"),
        Cut("a port that is none", Query("\"127.0.0.1\"", "70000", "4") + "\n", "cannot be handled"),
        Cut("a port below all", Query("\"127.0.0.1\"", "-2", "4") + "\n", "cannot be handled"),
        Cut("a path that is none", Query("null", "-1", "-1") + "\n", "cannot be handled"),
        Cut("a long address", Query($"\"{new string('1', 10_000)}\"", "0", "4") + "\n", "cannot be handled"),
        Lives("an address that is none", Query("\"" + Esc + "\"", "0", "4")),
        Lives("an address of others", Query("\"192.0.2.1\"", "0", "4")),
        Lives("a path with a NUL", Query("\"/tmp/a\\u0000b\"", "-1", "-1")),
        Lives("a path in a folder that is not there", Query("\"/no/such/folder/" + Esc + "\"", "-1", "-1")),
        Lives("a path that is a file", Query("\"/etc/hostname\"", "-1", "-1")),
        Lives("a path that is too long", Query($"\"/{new string('x', 4000)}\"", "-1", "-1")),
        Lives("a backlog and an index beyond all", Query("\"127.0.0.1\"", "0", "4", "\"index\":-2147483648,\"backlog\":2147483647,\"flags\":-1")),
        Lives("descriptors by their number", string.Join('\n', Enumerable.Range(0, 60).Select(static fd => Query("null", "null", "4", $"\"fd\":{fd}")))),
        Lives("descriptors beyond all", Query("null", "null", "4", "\"fd\":2147483647") + "\n" + Query("null", "null", "\"udp4\"", "\"fd\":1000")),
        Cut("data nested deep", Query("\"127.0.0.1\"", "0", "4", $"\"data\":{new string('[', 4000)}{new string(']', 4000)}") + "\n", "nested deeper"),
        Cut("data nested a little too deep", Query("\"127.0.0.1\"", "0", "4", $"\"data\":{new string('[', 33)}{new string(']', 33)}") + "\n", "nested deeper"),
        Cut("large data", Query("\"127.0.0.1\"", "0", "4", $"\"data\":\"{new string('x', 70_000)}\"") + "\n", "characters of data"),
        Cut("data of many values", Query("\"127.0.0.1\"", "0", "4", $"\"data\":[0{string.Concat(Enumerable.Repeat(",0", 5000))}]") + "\n", "values"),
        Cut("data that cannot be written", Query("\"127.0.0.1\"", "0", "4", "\"data\":\"\\ud800\"") + "\n", "can be read and not written"),
        Lives("many listeners", string.Join('\n', Enumerable.Range(0, 300).Select(static i => Query("\"127.0.0.1\"", "0", "4", $"\"index\":{i + 1000}")))),
        Lives("a listener opened and closed again", Repeated(Query("\"127.0.0.1\"", "0", "4", "\"index\":77") + "\n" + Cluster("\"act\":\"close\",\"key\":\"127.0.0.1:0:4:undefined:77\",\"seq\":2"), 50)),
        Lives("keys of others closed", string.Join('\n', new[] { "127.0.0.1:0:4:undefined:0", "127.0.0.1:0:4::0", "", Esc }.Select(static key => Cluster($"\"act\":\"close\",\"key\":\"{key}\",\"seq\":2")))),
        Lives("listens where it does not", Cluster("\"act\":\"listening\",\"address\":\"127.0.0.1\",\"port\":99999999,\"addressType\":{\"a\":[]},\"seq\":1")),
        Cut("listens at a long address", Cluster($"\"act\":\"listening\",\"address\":\"{new string('x', 10_000)}\",\"port\":1,\"addressType\":4,\"seq\":1") + "\n", "cannot be handled"),
        Cut("leaves without a number", Cluster("\"act\":\"exitedAfterDisconnect\"") + "\n", "cannot be handled"),
        Lives("leaves again and again, and stays", Repeated(Cluster("\"act\":\"exitedAfterDisconnect\",\"seq\":5"), 200)),
        Lives("answers for connections of others", string.Join('\n', Enumerable.Range(0, 500).Select(static i => Cluster($"\"ack\":{i},\"accepted\":true,\"seq\":{i}")))),
        Cut("an answer that is none", Cluster("\"ack\":1,\"accepted\":\"yes\",\"seq\":1") + "\n", "cannot be handled"),
    ];

    private static IEnumerable<(string Name, HostileAttack Attack)> Ours() =>
    [
        Lives("a request that nobody answers", Prefork("\"act\":\"request\",\"id\":1,\"name\":\"" + Esc + "\",\"body\":1")),
        Lives("a request without a number, a name and a body", Prefork("\"act\":\"request\"")),
        Cut("a request whose number is none", Prefork("\"act\":\"request\",\"id\":\"x\"") + "\n", "cannot be handled"),
        Lives("many requests", Numbered(200, "\"name\":\"double\",\"body\":\"x\"")),
        Lives("requests that never end", Numbered(200, "\"name\":\"never\",\"body\":\"x\"")),
        Cut("one number for two requests", Repeated(Prefork("\"act\":\"request\",\"id\":9,\"name\":\"never\",\"body\":\"x\""), 2) + "\n", "cannot be handled"),
        Lives("replies that nobody asked for", Prefork("\"act\":\"reply\",\"id\":1,\"body\":1") + "\n" + Prefork("\"act\":\"error\",\"id\":2,\"error\":\"" + Esc + "\"") + "\n" + Prefork("\"act\":\"cancel\",\"id\":3")),
        Lives("a message to itself, to nobody, to no number", Prefork("\"act\":\"send\",\"id\":1,\"to\":99,\"body\":1") + "\n" + Prefork("\"act\":\"send\",\"id\":2,\"body\":1") + "\n" + Prefork("\"act\":\"send\",\"id\":3,\"to\":-1,\"body\":1")),
        Lives("a deep message to another", Prefork($"\"act\":\"send\",\"id\":1,\"to\":1,\"body\":{new string('[', 4095)}{new string(']', 4095)}")),
        Lives("a message to another that cannot be written", Prefork("\"act\":\"send\",\"id\":1,\"to\":1,\"body\":\"\\ud800\"")),
        Lives("a message that grows when it is passed on", Prefork($"\"act\":\"send\",\"id\":1,\"to\":1,\"body\":\"{new string('\ue000', 60_000)}\"")),
        Lives("the voice of another worker", Prefork("\"act\":\"message\",\"from\":1,\"body\":\"forged\"")),
        Lives("what only the primary says", Prefork("\"act\":\"context\",\"body\":{}") + "\n" + Prefork("\"act\":\"ping\",\"id\":1")),
        Lives("answers to no ping", Repeated(Prefork("\"act\":\"pong\",\"id\":1"), 300)),
        Lives("resigns again and again", Repeated(Prefork("\"act\":\"resign\""), 300)),
        Lives("is ready again and again", Repeated(Prefork("\"act\":\"expect\"") + "\n" + Prefork("\"act\":\"ready\""), 300)),
        Lives("says why it closes, again and again, and does not", Repeated(Prefork("\"act\":\"offence\",\"error\":\"" + Esc + new string('x', 5_000) + "\""), 30)),
        Lives("claims everything", Numbered(500, "\"name\":\"prefork.claim\",\"body\":\"#\"")),
        Lives("claims what cannot be", Prefork("\"act\":\"request\",\"id\":1,\"name\":\"prefork.claim\",\"body\":{\"a\":1}") + "\n" + Prefork($"\"act\":\"request\",\"id\":2,\"name\":\"prefork.claim\",\"body\":\"{new string('x', 1000)}\"")),
    ];

    private static IEnumerable<(string Name, HostileAttack Attack)> Floods() =>
    [
        Stays("questions whose answers are not read", Repeated("{\"cmd\":\"NODE_SOCKET_GET_COUNT\",\"key\":\"a\"}", 500_000)),
        Stays("requests whose answers are not read", Repeated(Prefork("\"act\":\"request\",\"id\":1,\"name\":\"nobody\"") + "\n", 100_000)),
        Stays("messages", Repeated($"\"{new string('x', 1000)}\"", 12_000)),
        Stays("events", Repeated(Cluster($"\"act\":\"listening\",\"address\":\"{new string('x', 3_000)}\",\"port\":1,\"addressType\":4,\"seq\":1"), 2_500)),
        Stays("messages to another", Repeated(Prefork($"\"act\":\"send\",\"id\":1,\"to\":1,\"body\":\"{new string('x', 1000)}\""), 5_000)),
    ];

    private static IEnumerable<(string Name, HostileAttack Attack)> Frames() =>
    [
        Framed("frames: nothing", Outcome.Lives, "", []),
        Framed("frames: no format", Outcome.Cut, "not in V8's format", Frame([1, 2, 3])),
        Framed("frames: an empty one", Outcome.Cut, "not in V8's format", Frame([])),
        Framed("frames: a version to come", Outcome.Cut, "not in V8's format", Frame([0xFF, 16, (byte)'0'])),
        Framed("frames: no end", Outcome.Cut, "over the limit", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 15]),
        Framed("frames: half of one", Outcome.Leaves, "", [0, 0, 0, 100, 0xFF, 15]),
        Framed("frames: two values", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'0', (byte)'0'])),
        Framed("frames: an unknown tag", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'?', 1, 0xEE])),
        Framed("frames: nesting", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, .. Enumerable.Repeat((byte)'\'', 100_000)])),
        Framed("frames: an array longer than all", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'A', 0xFF, 0xFF, 0xFF, 0xFF, 0x0F])),
        Framed("frames: a text longer than all", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'"', 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, (byte)'x'])),
        Framed("frames: a bigint longer than all", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'Z', 0xFE, 0xFF, 0xFF, 0xFF, 0x0F])),
        Framed("frames: a number without an end", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'I', .. Enumerable.Repeat((byte)0xFF, 50)])),
        Framed("frames: a reference to nothing", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'^', 5])),
        Framed("frames: a count that is not so", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'o', (byte)'{', 9])),
        Framed("frames: memory that was not sent", Outcome.Cut, "not in V8's format", Frame([0xFF, 15, (byte)'B', 0xFF, 0xFF, 0x03])),
        Framed("frames: a verb with a cycle", Outcome.Cut, "cannot be handled", Frame([0xFF, 15, .. Object("cmd", Text("NODE_CLUSTER"), "act", Text("queryServer"), "data", "^\0"u8.ToArray())])),
        Framed("frames: a verb of wrong types", Outcome.Cut, "cannot be handled", Frame([0xFF, 15, .. Object("cmd", Text("NODE_CLUSTER"), "act", "0"u8.ToArray(), "seq", Text("x"))])),
    ];

    private static IEnumerable<(string Name, HostileAttack Attack)> Descriptors() => new[]
    {
        ("a file", "file", "which is no stream socket"),
        ("a pipe", "pipe", "which is no stream socket"),
        ("a UDP socket for a stream", "datagram", "which is no stream socket"),
        ("a stream for a UDP socket", "stream", "which is no UDP socket"),
        ("one of no type", "typeless", "of a type that is unknown"),
        ("one on a message that speaks of none", "unspoken", "that no message speaks of"),
        ("one on a verb that speaks of none", "unspokenverb", "that no message speaks of"),
        ("two on a message", "two", "that no message speaks of"),
        ("two hundred on a message", "many", "that no message speaks of"),
    }.Select(static row => ($"descriptors: {row.Item1}", new HostileAttack([], Outcome.Cut, row.Item3, IsFrames: false, row.Item2)));

    private static (string Name, HostileAttack Attack) Cut(string name, string text, string reason) => (name, new HostileAttack(Encoding.UTF8.GetBytes(text), Outcome.Cut, reason, IsFrames: false));

    private static (string Name, HostileAttack Attack) Lives(string name, params string[] lines)
        => (name, new HostileAttack(Encoding.UTF8.GetBytes($"{string.Concat(lines.Select(static line => line.TrimEnd('\n') + "\n")).TrimStart('\n')}\"{Last}\"\n"), Outcome.Lives, "", IsFrames: false));

    private static (string Name, HostileAttack Attack) Leaves(string name, string text) => (name, new HostileAttack(Encoding.UTF8.GetBytes(text), Outcome.Leaves, "", IsFrames: false));

    private static (string Name, HostileAttack Attack) Stays(string name, string text) => (name, new HostileAttack(Encoding.UTF8.GetBytes(text + "\n"), Outcome.Stays, "", IsFrames: false));

    private static (string Name, HostileAttack Attack) Framed(string name, Outcome outcome, string reason, byte[] bytes)
        => (name, new HostileAttack([.. bytes, .. outcome == Outcome.Lives ? Frame([0xFF, 15, .. Text(Last)]) : []], outcome, reason, IsFrames: true));

    private static string Repeated(string line, int times) => string.Join('\n', Enumerable.Repeat(line.TrimEnd('\n'), times));

    /// <summary>Requests, each with its number, also where a # is.</summary>
    private static string Numbered(int count, string fields)
        => string.Join('\n', Enumerable.Range(0, count).Select(i => Prefork($"\"act\":\"request\",\"id\":{i},{fields.Replace("#", $"{i}", StringComparison.Ordinal)}")));

    private static string Cluster(string fields) => $"{{\"cmd\":\"NODE_CLUSTER\",{fields}}}";

    private static string Prefork(string fields) => $"{{\"cmd\":\"NODE_PREFORK\",{fields}}}";

    private static string Query(string address, string port, string type, string more = "\"data\":null")
        => Cluster($"\"act\":\"queryServer\",\"address\":{address},\"port\":{port},\"addressType\":{type},\"seq\":1,{more}");

    private static byte[] Frame(byte[] body)
    {
        var frame = new byte[sizeof(int) + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, sizeof(int));
        return frame;
    }

    private static byte[] Text(string text) => [(byte)'"', (byte)text.Length, .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Object(params object[] properties)
        => [(byte)'o', .. properties.SelectMany(static part => part as byte[] ?? Text((string)part)), (byte)'{', (byte)(properties.Length / 2)];
}
