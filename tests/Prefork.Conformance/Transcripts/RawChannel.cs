using System.Globalization;
using System.Text;
using Prefork.Native;

namespace Prefork.Conformance.Transcripts;

/// <summary>One end of a channel, as bytes. Every line that comes is held to the rules that keep a Node peer alive.</summary>
internal sealed class RawChannel(FileDescriptor channel) : IDisposable
{
    private const int NonBlocking = 0x800;
    private readonly StringBuilder _text = new();
    private readonly Queue<FileDescriptor> _descriptors = new();
    private int _handlesUnanswered;
    private bool _ended;

    internal void Write(string line, int? descriptor)
    {
        Assert.Equal(Encoding.UTF8.GetByteCount(line) + 1, DescriptorMessage.Send(channel.Number, Encoding.UTF8.GetBytes($"{line}\n"), descriptor is { } number ? [number] : []));
        _handlesUnanswered += line.Contains("\"NODE_HANDLE\"", StringComparison.Ordinal) ? 1 : 0;
    }

    /// <summary>The next line, and the descriptor if it brought one; null at the end.</summary>
    internal async Task<(string? Line, FileDescriptor? Descriptor)> ReadAsync()
    {
        while (true)
        {
            var text = _text.ToString();
            if (text.IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end)
            {
                _text.Remove(0, end + 1);
                return (Checked(text[..end]), TakeDescriptor(text[..end]));
            }

            if (_ended)
            {
                Assert.Equal("", text);
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

    private string Checked(string line)
    {
        // An empty line or one that is not JSON ends a Node process; so does fd:null in a query, and an answer too many.
        Assert.NotEqual("", line);
        using var json = System.Text.Json.JsonDocument.Parse(line);
        Assert.DoesNotContain("\"fd\":null", line, StringComparison.Ordinal);
        if (line is "{\"cmd\":\"NODE_HANDLE_ACK\"}" or "{\"cmd\":\"NODE_HANDLE_NACK\"}")
        {
            _handlesUnanswered--;
            Assert.True(_handlesUnanswered >= 0, $"an answer to nothing: {line}");
        }

        return line;
    }

    private FileDescriptor? TakeDescriptor(string line)
    {
        if (!line.StartsWith("{\"cmd\":\"NODE_HANDLE\"", StringComparison.Ordinal))
        {
            return null;
        }

        Assert.True(_descriptors.TryDequeue(out var descriptor), $"no descriptor came with {line}");

        // Node does not set it on what it receives, and would block.
        var flags = File.ReadLines($"/proc/self/fdinfo/{descriptor.Number}").First(entry => entry.StartsWith("flags:", StringComparison.Ordinal));
        Assert.True((Convert.ToInt32(flags["flags:".Length..].Trim(), 8) & NonBlocking) != 0, string.Create(CultureInfo.InvariantCulture, $"{descriptor.Number} is blocking: {line}"));
        return descriptor;
    }

    private void Receive()
    {
        Assert.True(Readiness.Wait(channel), $"Nothing came in {Readiness.Patience}. Unread: '{_text}'");
        var buffer = new byte[65536];
        Span<int> descriptors = stackalloc int[8];
        var count = DescriptorMessage.Receive(channel.Number, buffer, descriptors, out var received, out _);
        _ended = count <= 0;
        foreach (var descriptor in descriptors[..received])
        {
            _descriptors.Enqueue(new FileDescriptor(descriptor));
        }

        // No transcript has a character of more than one byte.
        _text.Append(Encoding.UTF8.GetString(buffer, 0, Math.Max(0, count)));
    }
}
