using System.Buffers;
using System.Buffers.Binary;
using Prefork.Values;

namespace Prefork.Wire;

/// <remarks>
/// Node's 'advanced' channel: four bytes of length, most significant first, and a value in V8's format. The cluster's own messages
/// go in and out as JSON, and are converted here; a user's message stays as it is until it is read.
/// </remarks>
internal sealed partial class Channel
{
    private const int KeepConverted = 1024 * 1024;
    private static readonly byte[] s_ackFrame = JsonToFrame.Write("{\"cmd\":\"NODE_HANDLE_ACK\"}"u8).ToArray();
    private static readonly byte[] s_nackFrame = JsonToFrame.Write("{\"cmd\":\"NODE_HANDLE_NACK\"}"u8).ToArray();

    private ArrayBufferWriter<byte>? _converted;

    /// <summary>The buffer grows with the bytes that are there, not with the length that is said.</summary>
    private void DeliverFrames()
    {
        while (!_closed && _end - _start >= FrameWriter.HeadSize)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start));
            if (length > _maxMessageSize)
            {
                throw Offence($"sent a message of {length} bytes, over the limit of {_maxMessageSize} ({nameof(ClusterSettings)}.{nameof(ClusterSettings.MaxMessageSize)})");
            }

            if (_end - _start - FrameWriter.HeadSize < length)
            {
                break;
            }

            var frame = _buffer.AsSpan(_start + FrameWriter.HeadSize, (int)length);
            _start += FrameWriter.HeadSize + (int)length;
            DeliverFrame(frame);
        }

        _scanned = _start;
    }

    private void DeliverFrame(ReadOnlySpan<byte> frame)
    {
        MessageHeader header;
        ValueFormat format;
        try
        {
            format = ValueFormat.ReadHeader(frame, out var head);
            frame = frame[head..];
            header = FrameHeader.Read(frame, format);
        }
        catch (InvalidDataException exception)
        {
            throw Offence($"sent a frame of {frame.Length} bytes that is not in V8's format. {exception.Message.TrimEnd('.')}", exception);
        }

        Dispatch(header, frame, format);
    }

    /// <summary>The JSON of a message of the cluster's own, good until the next one.</summary>
    private ReadOnlySpan<byte> ConvertInternal(ReadOnlySpan<byte> body, ValueFormat format)
    {
        if (_converted is null || _converted.Capacity > KeepConverted)
        {
            _converted = new ArrayBufferWriter<byte>(1024);
        }

        _converted.ResetWrittenCount();
        ValueToJson.ConvertInternal(body, format, _converted);
        return _converted.WrittenSpan;
    }
}
