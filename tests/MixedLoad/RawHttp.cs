using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace MixedLoad;

/// <summary>
/// An HTTP/1.1 client that hides nothing: HttpClient repeats a request by itself when a connection ends under it, and that is what is to be seen.
/// </summary>
internal sealed class RawHttp : IAsyncDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;
    private TimeSpan _pause;

    private RawHttp(Socket socket, Stream stream)
    {
        _socket = socket;
        _stream = stream;
    }

    /// <summary>Whether the server has said that it closes the connection after its last response.</summary>
    internal bool ToldToClose { get; private set; }

    internal static async Task<RawHttp> ConnectAsync(Uri url)
    {
        var socket = NewSocket();
        return new(socket, await ConnectStreamAsync(socket, url, null));
    }

    internal static Task<Stream> ConnectStreamAsync(Uri url, SslApplicationProtocol? protocol = null) => ConnectStreamAsync(NewSocket(), url, protocol);

    private static Socket NewSocket() => new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static async Task<Stream> ConnectStreamAsync(Socket socket, Uri url, SslApplicationProtocol? protocol)
    {
        await socket.ConnectAsync(IPAddress.Parse(url.Host), url.Port).WaitAsync(s_patience);
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (url.Scheme != "https")
        {
            return stream;
        }

        var secure = new SslStream(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
        await secure.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [protocol ?? SslApplicationProtocol.Http11],
        }).WaitAsync(s_patience);
        return secure;
    }

    /// <summary>Whether the server has closed the connection by now. A client that looks before it sends loses nothing by that.</summary>
    internal bool IsClosed()
    {
        if (_end > _start || !_socket.Poll(0, SelectMode.SelectRead))
        {
            return false;
        }

        try
        {
            return _socket.Receive(stackalloc byte[1], SocketFlags.Peek) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    internal Task SendAsync(string path, string headers = "", string method = "GET")
        => _stream.WriteAsync(Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: test\r\n{headers}\r\n")).AsTask().WaitAsync(s_patience);

    internal Task SendAsync(ReadOnlyMemory<byte> body) => _stream.WriteAsync(body).AsTask().WaitAsync(s_patience);

    /// <exception cref="EndOfStreamException">The connection ended before the response did.</exception>
    internal async Task<string> ReadResponseAsync(TimeSpan pause = default)
    {
        _pause = pause;
        var status = await ReadLineAsync();
        if (!status.Contains(" 200 ", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"The response is '{status}'.");
        }

        var length = -1;
        for (string line; (line = await ReadLineAsync()).Length > 0;)
        {
            if (line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase))
            {
                length = int.Parse(line[15..], CultureInfo.InvariantCulture);
            }

            ToldToClose |= line.Equals("Connection: close", StringComparison.OrdinalIgnoreCase);
        }

        return length >= 0 ? await ReadAsync(length) : await ReadChunksAsync();
    }

    internal async Task<string> GetAsync(string path)
    {
        await SendAsync(path);
        return await ReadResponseAsync();
    }

    /// <summary>Waits for the server's orderly end; anything else that comes is a failure.</summary>
    internal async Task ExpectEndAsync()
    {
        if (_end > _start || await _stream.ReadAsync(_buffer).AsTask().WaitAsync(s_patience) > 0)
        {
            throw new InvalidDataException("More than the response came.");
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private async Task<string> ReadChunksAsync()
    {
        var text = new StringBuilder();
        while (true)
        {
            var length = int.Parse(await ReadLineAsync(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            text.Append(await ReadAsync(length));
            await ReadLineAsync();
            if (length == 0)
            {
                return text.ToString();
            }
        }
    }

    private async Task<string> ReadAsync(int length)
    {
        var text = new StringBuilder(length);
        while (text.Length < length)
        {
            await FillAsync();
            var count = Math.Min(length - text.Length, _end - _start);
            text.Append(Encoding.ASCII.GetString(_buffer, _start, count));
            _start += count;
        }

        return text.ToString();
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            await FillAsync();
            var newline = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var count = newline < 0 ? _end - _start : newline + 1;
            line.Append(Encoding.ASCII.GetString(_buffer, _start, count));
            _start += count;
            if (newline >= 0)
            {
                return line.ToString().TrimEnd('\r', '\n');
            }
        }
    }

    private async Task FillAsync()
    {
        if (_start == _end)
        {
            if (_pause > TimeSpan.Zero)
            {
                await Task.Delay(_pause);
            }

            _start = 0;
            _end = await _stream.ReadAsync(_buffer).AsTask().WaitAsync(s_patience);
            if (_end == 0)
            {
                throw new EndOfStreamException("The connection ended in the middle of a response.");
            }
        }
    }
}
