using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Prefork.Conformance.Transcripts;

/// <summary>
/// A conversation, message by message, as Node has it. The test says the lines of one side, and expects those of the other to the byte.
/// </summary>
/// <remarks>
/// <c>W</c> is what the worker says, <c>P</c> the primary (<c>W2</c> and <c>P2</c> on the channel of the second worker); <c>W: </c> and <c>P: </c> are lines, <c>+what</c> before the colon is a descriptor on it
/// (a connection, or a listener or datagram socket bound to <c>&lt;port&gt;</c>; expecting one, any word will do), <c>end</c> is the channel's end.
/// <c>&lt;name&gt;</c> is whatever comes there first, and the same ever after. <c>connect</c>, <c>tell</c>, <c>die</c> and <c>release</c> are things to do in between.
/// </remarks>
internal sealed class Transcript(Peer peer, char self) : IDisposable
{
    private static readonly Regex s_placeholder = new("<([a-z]+)>");
    private readonly Dictionary<string, string> _values = [];
    private readonly List<Socket> _sockets = [];
    private Socket? _client;

    internal string this[string name]
    {
        get => _values[name];
        set => _values[name] = value;
    }

    internal async Task PlayAsync(string name)
    {
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(AppContext.BaseDirectory, "transcripts", $"{name}.txt")))
        {
            if (line.Length > 0 && line[0] != '#')
            {
                try
                {
                    await StepAsync(line);
                }
                catch (Exception exception)
                {
                    throw new InvalidOperationException($"{name}: {line}\n{exception.Message}\n{peer.Describe()}", exception);
                }
            }
        }
    }

    public void Dispose() => _sockets.ForEach(socket => socket.Dispose());

    private async Task StepAsync(string step)
    {
        var (verb, rest) = step.IndexOf(": ", StringComparison.Ordinal) is > 0 and var colon ? (step[..colon], step[(colon + 2)..]) : (step, "");
        switch (verb)
        {
            case "tell":
                peer.Tell(Filled(rest));
                break;
            case "connect":
                _client = await ConnectAsync(rest == "path" ? new UnixDomainSocketEndPoint(_values["path"]) : LoopbackPort);
                break;
            case "client hears":
                var buffer = new byte[100];
                var count = await _client!.ReceiveAsync(buffer).WaitAsync(Readiness.Patience);
                Assert.Equal(rest == "nothing" ? "" : rest, System.Text.Encoding.UTF8.GetString(buffer, 0, count));
                break;
            case "die":
                peer.End(int.Parse(rest, CultureInfo.InvariantCulture));
                break;
            case "release":
                Release();
                break;
            case "exit":
                await peer.WaitForExitAsync();
                break;
            default:
                await LineAsync(verb, rest);
                break;
        }
    }

    /// <summary>Of what was passed, all is closed here but the client's end; for a worker that is this test, the channel too: it has left.</summary>
    private void Release()
    {
        _sockets.Where(socket => socket != _client).ToList().ForEach(socket => socket.Dispose());
        if (self == 'W')
        {
            peer.HangUp();
        }
    }

    private IPEndPoint LoopbackPort => new(IPAddress.Loopback, peer.HasFrames ? NumberIn(_values["port"]) : int.Parse(_values["port"], CultureInfo.InvariantCulture));

    /// <summary>What V8 writes as an int32: seven bits to a byte, the lowest first, and the sign in the lowest of all.</summary>
    private static int NumberIn(string hexadecimal)
        => Convert.FromHexString(hexadecimal).Select((part, at) => (part & 0x7f) << (7 * at)).Sum() >> 1;

    private async Task LineAsync(string verb, string text)
    {
        var channel = peer[verb.Length > 1 && char.IsAsciiDigit(verb[1]) ? verb[1] - '0' : 1];
        var descriptor = verb.IndexOf('+', StringComparison.Ordinal) is > 0 and var plus ? verb[(plus + 1)..] : null;
        if (verb[0] == self)
        {
            channel.Write(Filled(text), descriptor is null ? null : await OpenAsync(descriptor));
            return;
        }

        var (line, received) = await channel.ReadAsync();
        if (text == "end")
        {
            Assert.Null(line);
            return;
        }

        Expect(text, line);
        Assert.Equal(descriptor is not null, received is not null);
        if (received is not null)
        {
            _sockets.Add(new Socket(new SafeSocketHandle(received.Release(), ownsHandle: true)));
        }
    }

    private void Expect(string expected, string? line)
    {
        var pattern = s_placeholder.Replace(
            Regex.Escape(expected),
            match => _values.TryGetValue(match.Groups[1].Value, out var value) ? Regex.Escape(value) : $"(?<{match.Groups[1].Value}>[^\"]*?)");
        var match = Regex.Match(line ?? "", $"^{pattern}$");
        Assert.True(match.Success, $"expected {Filled(expected)}\nand came {line ?? "the end"}");
        foreach (Group group in match.Groups)
        {
            if (!char.IsAsciiDigit(group.Name[0]))
            {
                _values[group.Name] = group.Value;
            }
        }
    }

    private string Filled(string text)
        => s_placeholder.Replace(text, match => _values.GetValueOrDefault(match.Groups[1].Value, match.Value));

    private async Task<int> OpenAsync(string what)
    {
        var any = new IPEndPoint(what == "datagrams6" ? IPAddress.IPv6Loopback : IPAddress.Loopback, 0);
        if (what == "connection")
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(any);
            listener.Listen();
            _client = await ConnectAsync(listener.LocalEndPoint!);
            return Kept(await listener.AcceptAsync());
        }

        var socket = what.StartsWith("datagrams", StringComparison.Ordinal)
            ? new Socket(any.AddressFamily, SocketType.Dgram, ProtocolType.Udp)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(any);
        _values["port"] = $"{((IPEndPoint)socket.LocalEndPoint!).Port}";
        return Kept(socket);
    }

    private int Kept(Socket socket)
    {
        _sockets.Add(socket);
        return (int)socket.Handle;
    }

    private async Task<Socket> ConnectAsync(EndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, endPoint is IPEndPoint ? ProtocolType.Tcp : ProtocolType.Unspecified);
        _sockets.Add(socket);
        await socket.ConnectAsync(endPoint);
        return socket;
    }
}
