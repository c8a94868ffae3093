using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Prefork.Tool.Tests;

/// <summary>An HTTP/2 session without TLS whose client says nothing, its preface included, before it asks.</summary>
internal sealed class Http2Session : IAsyncDisposable
{
    /// <summary>Types of frames (RFC 9113, section 6).</summary>
    public const byte Headers = 1, Settings = 4, Goaway = 7;

    private static ReadOnlySpan<byte> Preface => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8;

    private static ReadOnlySpan<byte> EmptySettings => [0, 0, 0, Settings, 0, 0, 0, 0, 0];

    // GET / over http, both from HPACK's static table, of the authority "a", on stream 1, which ends with it.
    private static ReadOnlySpan<byte> Request => [0, 0, 6, Headers, 5, 0, 0, 0, 1, 0x82, 0x86, 0x84, 0x41, 1, (byte)'a'];

    private readonly NetworkStream _stream;

    private Http2Session(Socket socket) => _stream = new NetworkStream(socket, ownsSocket: true);

    /// <summary>Connects, and waits for the server's settings: the server has a session then.</summary>
    public static async Task<Http2Session> OpenAsync(int port, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellationToken);
        var session = new Http2Session(socket);
        await session.ExpectAsync(Settings, cancellationToken);
        return session;
    }

    /// <summary>Sends the preface and one request.</summary>
    public async Task AskAsync(CancellationToken cancellationToken) =>
        await _stream.WriteAsync((byte[])[.. Preface, .. EmptySettings, .. Request], cancellationToken);

    /// <summary>Reads up to a frame of this type.</summary>
    /// <returns>The types of the frames that came before it.</returns>
    public async Task<IReadOnlyList<byte>> ExpectAsync(byte type, CancellationToken cancellationToken)
    {
        var before = new List<byte>();
        var header = new byte[9];
        while (true)
        {
            await _stream.ReadExactlyAsync(header, cancellationToken);
            await _stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadUInt32BigEndian(header) >> 8], cancellationToken);
            if (header[3] == type)
            {
                return before;
            }

            before.Add(header[3]);
        }
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();
}
