using System.Net.Sockets;

namespace Prefork.Tool.Control;

/// <summary>Lines of a socket, none longer than a bound. Takes as much memory as they need.</summary>
internal sealed class LineReader(Socket socket, int longest)
{
    private byte[] _buffer = new byte[Math.Min(longest, 4096)];
    private int _start;
    private int _end;

    /// <summary>The next line without its end; null at the end of what is sent. Good until the next call.</summary>
    /// <exception cref="InvalidDataException">It is too long, or has no end.</exception>
    internal async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length >= 0)
            {
                var line = _buffer.AsMemory(_start, length);
                _start += length + 1;
                return line;
            }

            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            if (_end == longest)
            {
                throw new InvalidDataException($"A line of more than {longest} bytes.");
            }

            if (_end == _buffer.Length)
            {
                Array.Resize(ref _buffer, Math.Min(longest, 2 * _end));
            }

            var count = await socket.ReceiveAsync(_buffer.AsMemory(_end), cancellation);
            if (count == 0)
            {
                return _end == 0 ? null : throw new InvalidDataException("The last line has no end.");
            }

            _end += count;
        }
    }
}
