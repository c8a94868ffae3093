using System.Buffers;
using System.Text;
using System.Text.Json;
using Prefork.Wire;

namespace Prefork.Tests.Wire;

/// <summary>The fields of queryServer, as Node writes and reads them (the shapes are those recorded from Node).</summary>
public class ListenQueryTests
{
    [Theory]
    [InlineData("{\"index\":0,\"data\":null,\"address\":\"127.0.0.1\",\"port\":0,\"addressType\":4,\"flags\":0,\"backlog\":0}")]
    [InlineData("{\"index\":1,\"data\":null,\"address\":null,\"port\":8000,\"addressType\":4,\"flags\":0,\"backlog\":7}")]
    [InlineData("{\"index\":0,\"data\":null,\"address\":\"::\",\"port\":8000,\"addressType\":6,\"flags\":1,\"backlog\":0}")]
    [InlineData("{\"index\":0,\"data\":null,\"address\":\"/tmp/a.sock\",\"port\":-1,\"addressType\":-1,\"backlog\":0,\"readableAll\":true}")]
    [InlineData("{\"index\":0,\"data\":null,\"address\":null,\"port\":null,\"addressType\":null,\"fd\":9,\"backlog\":0}")]
    [InlineData("{\"index\":0,\"data\":null,\"address\":\"0.0.0.0\",\"port\":0,\"addressType\":\"udp4\",\"fd\":-1,\"flags\":4}")]
    public void Write_WhatWasRead_IsTheSame(string json)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        ListenQuery.From(ClusterFrame.Read(Encoding.UTF8.GetBytes(json))).Write(writer);
        writer.WriteEndObject();
        writer.Flush();
        Assert.Equal(json, Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    [Theory]
    [InlineData("{\"address\":null,\"port\":null,\"addressType\":4,\"fd\":null}")]
    [InlineData("{\"address\":null,\"port\":-5,\"addressType\":4}")]
    [InlineData("{\"address\":null,\"port\":70000,\"addressType\":4}")]
    [InlineData("{\"address\":null,\"port\":-1,\"addressType\":-1}")]
    [InlineData("{\"address\":null,\"port\":80,\"addressType\":5}")]
    [InlineData("{\"address\":null,\"port\":80,\"addressType\":\"tcp\"}")]
    [InlineData("{\"address\":null,\"port\":80}")]
    [InlineData("{\"address\":7,\"port\":80,\"addressType\":4}")]
    public void From_NoQuery_Throws(string json)
        => Assert.Throws<JsonException>(() => ListenQuery.From(ClusterFrame.Read(Encoding.UTF8.GetBytes(json))));

    [Theory]
    [InlineData("127.0.0.1:0:4:undefined:3", "{\"index\":3,\"address\":\"127.0.0.1\",\"port\":0,\"addressType\":4}")]
    [InlineData("null:8000:4:undefined", "{\"index\":1,\"address\":null,\"port\":8000,\"addressType\":4}")]
    [InlineData("/tmp/a.sock:-1:-1:undefined", "{\"index\":0,\"address\":\"/tmp/a.sock\",\"port\":-1,\"addressType\":-1}")]
    [InlineData("null:null:null:9", "{\"index\":0,\"address\":null,\"port\":null,\"addressType\":null,\"fd\":9}")]
    [InlineData("0.0.0.0:0:udp4:-1:0", "{\"index\":0,\"address\":\"0.0.0.0\",\"port\":0,\"addressType\":\"udp4\",\"fd\":-1}")]
    public void Key_IsWrittenAsNodeWritesIt(string key, string json) => Assert.Equal(key, ListenQuery.From(ClusterFrame.Read(Encoding.UTF8.GetBytes(json))).Key);

    [Fact]
    public void Key_IndexCounts_ForPortZeroAlone()
    {
        var query = new ListenQuery("::1", 0, "6", null, 0, 0, 0, false, false);
        Assert.NotEqual(query.Key, (query with { Index = 1 }).Key);
        Assert.Equal((query with { Port = 80 }).Key, (query with { Port = 80, Index = 1 }).Key);
        Assert.NotEqual(query.Key, (query with { Address = null }).Key);
    }

    [Theory]
    [InlineData("/run/a.sock", "/run/a.sock")]
    [InlineData("\0abstract", "@abstract")]
    [InlineData("/run/\u202e\u200b\u001b[2J\n", @"/run/\u202e\u200b\x1b[2J\n")]
    public void Describe_IsPlainText(string path, string described) => Assert.Equal(described, new ListenQuery(path, -1, "-1", null, 0, 0, 0, false, false).Describe());

    [Fact]
    public void Describe_IsBounded() => Assert.InRange(new ListenQuery(new string('x', 1_000_000), -1, "-1", null, 0, 0, 0, false, false).Describe().Length, 1000, 1100);
}
