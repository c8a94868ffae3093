using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Prefork.Native;

namespace Prefork.Conformance.Transcripts;

/// <summary>
/// One end of a channel, as bytes: lines, or frames of the advanced format, which are hexadecimal here and without their length.
/// Everything that comes is held to the rules that keep a Node peer alive.
/// </summary>
internal sealed class RawChannel(FileDescriptor channel, bool frames) : IDisposable
{
    private const int NonBlocking = 0x800;

    /// <summary>How a frame with a NODE_HANDLE begins, and the two answers.</summary>
    private const string HandleFrame = "ff0f6f2203636d64220b4e4f44455f48414e444c452204";
    private const string AckFrame = "ff0f6f2203636d64220f4e4f44455f48414e444c455f41434b7b01";
    private const string NackFrame = "ff0f6f2203636d6422104e4f44455f48414e444c455f4e41434b7b01";

    private readonly List<byte> _bytes = [];
    private readonly Queue<FileDescriptor> _descriptors = new();
    private int _handlesUnanswered;
    private bool _ended;

    internal void Write(string message, int? descriptor)
    {
        var bytes = frames ? Frame(Convert.FromHexString(message)) : Encoding.UTF8.GetBytes($"{message}\n");
        Assert.Equal(bytes.Length, DescriptorMessage.Send(channel.Number, bytes, descriptor is { } number ? [number] : []));
        _handlesUnanswered += IsHandle(message) ? 1 : 0;
    }

    /// <summary>The next message, and the descriptor if it brought one; null at the end.</summary>
    internal async Task<(string? Message, FileDescriptor? Descriptor)> ReadAsync()
    {
        while (true)
        {
            if (TakeMessage() is { } message)
            {
                return (Checked(message), TakeDescriptor(message));
            }

            if (_ended)
            {
                Assert.Empty(_bytes);
                return (null, null);
            }

            await Task.Run(Receive);
        }
    }

    public void Dispose()
    {
        channel.Dispose();
        while (_descriptors.TryDequeue(out var descriptor))
        {
            descriptor.Dispose();
        }
    }

    private static byte[] Frame(byte[] content)
    {
        var frame = new byte[sizeof(int) + content.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, content.Length);
        content.CopyTo(frame, sizeof(int));
        return frame;
    }

    private string? TakeMessage()
    {
        var head = frames ? sizeof(int) : 0;
        var end = !frames ? _bytes.IndexOf((byte)'\n') : _bytes.Count < head ? -1 : head + BinaryPrimitives.ReadInt32BigEndian([.. _bytes[..head]]);
        if (end < 0 || end > _bytes.Count)
        {
            return null;
        }

        byte[] content = [.. _bytes[head..end]];
        _bytes.RemoveRange(0, frames ? end : end + 1);
        return frames ? Convert.ToHexStringLower(content) : Encoding.UTF8.GetString(content);
    }

    private bool IsHandle(string message)
        => message.StartsWith(frames ? HandleFrame : "{\"cmd\":\"NODE_HANDLE\"", StringComparison.Ordinal);

    private string Checked(string message)
    {
        if (!frames)
        {
            // An empty line or one that is not JSON ends a Node process; so does fd:null in a query, and an answer too many.
            Assert.NotEqual("", message);
            using var json = System.Text.Json.JsonDocument.Parse(message);
            Assert.DoesNotContain("\"fd\":null", message, StringComparison.Ordinal);
        }

        if (message is "{\"cmd\":\"NODE_HANDLE_ACK\"}" or "{\"cmd\":\"NODE_HANDLE_NACK\"}" or AckFrame or NackFrame)
        {
            _handlesUnanswered--;
            Assert.True(_handlesUnanswered >= 0, $"an answer to nothing: {message}");
        }

        return message;
    }

    private FileDescriptor? TakeDescriptor(string message)
    {
        if (!IsHandle(message))
        {
            return null;
        }

        Assert.True(_descriptors.TryDequeue(out var descriptor), $"no descriptor came with {message}");

        // Node does not set it on what it receives, and would block.
        var flags = File.ReadLines($"/proc/self/fdinfo/{descriptor.Number}").First(entry => entry.StartsWith("flags:", StringComparison.Ordinal));
        Assert.True((Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & NonBlocking) != 0, string.Create(CultureInfo.InvariantCulture, $"{descriptor.Number} is blocking: {message}"));
        return descriptor;
    }

    private void Receive()
    {
        Assert.True(Readiness.Wait(channel), $"Nothing came in {Readiness.Patience}. Unread: {_bytes.Count} bytes");
        var buffer = new byte[65536];
        Span<int> descriptors = stackalloc int[8];
        var count = DescriptorMessage.Receive(channel.Number, buffer, descriptors, out var received, out _);
        _ended = count <= 0;
        foreach (var descriptor in descriptors[..received])
        {
            _descriptors.Enqueue(new FileDescriptor(descriptor));
        }

        _bytes.AddRange(buffer.AsSpan(0, Math.Max(0, count)));
    }
}
